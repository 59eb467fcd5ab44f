// Defines a processing function and calls it in place. Run: deno run examples/basics_02_process.ts

/** What a bee calls for each record; it uses nothing from outside itself. */
function processRecord(record: { value: number }) {
  const { value } = record;
  return { original: value, doubled: value * 2, squared: value ** 2 };
}

console.log(processRecord({ value: 7 }));
