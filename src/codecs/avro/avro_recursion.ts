import { schemaFault } from "./avro_fault.ts";
import type { AvroNamedType, AvroRecord, AvroType } from "./avro_type.ts";

/** Whether a value of a type can have an end, when it can of the records in `ending`. */
function ends(type: AvroType, ending: ReadonlySet<AvroType>): boolean {
  switch (type.type) {
    case "record":
      return ending.has(type);
    case "union":
      return type.branches.some((branch) => ends(branch, ending));
    default:
      return true; // arrays and maps can be empty
  }
}

/** Refuses records whose values could have no end, since they always contain themselves. */
export function checkEnds(named: Iterable<AvroNamedType>): void {
  const ending = new Set<AvroType>();
  // inner records are defined after those around them, so most are found in one pass
  let open = [...named].filter((type): type is AvroRecord => type.type === "record").reverse();
  let before = open.length + 1;
  while (open.length < before) {
    before = open.length;
    open = open.filter((record) => {
      const isEnding = record.fields.every(({ type }) => ends(type, ending));
      if (isEnding) ending.add(record);
      return !isEnding;
    });
  }
  if (open.length === 0) return;
  throw schemaFault(
    [open[open.length - 1].name],
    "the record always contains itself, so that no value of it has an end",
    'make the field that refers back a union with "null", an array or a map',
  );
}
