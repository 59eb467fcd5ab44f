/**
 * Which JavaScript twin, which property test and which bench stand behind each function that the
 * kernel exports. `tests/tidy_test.ts` holds this list to the kernel and to the files it names.
 *
 * @module
 */

/** Exports that belong together: one twin, one test, one bench. */
export interface KernelFamily {
  /** Names as the WebAssembly module exports them. */
  readonly exports: readonly string[];
  /** The file and the symbol of the reference implementation, such as `src/batch/hash.ts#hash`. */
  readonly twin: string;
  /** The test that holds kernel and twin equal on random input. */
  readonly test: string;
  readonly bench: string;
}

/** Exports that compute nothing a twin could repeat: what they are for, and their test. */
export interface KernelPlumbing {
  readonly exports: readonly string[];
  readonly purpose: string;
  readonly test: string;
}

/** Every exported kernel that computes. */
export const FAMILIES: readonly KernelFamily[] = [
  {
    exports: [
      ...["beginTimes", "greatestTime", "lateRows", "leastTime", "outsideRows"],
      ...["untimedRows", "watermark", "tableShape"],
      ...["addRows", "findStates", "countRows", "updateStates", "updatePair", "newDictionary"],
      ...["addByIndex", "updateByIndex", "endByIndex", "frontRoom", "frontServed"],
      ...["measureWindow", "measuredRecords", "beginWrite", "writeRecords", "tableClear"],
      ...["findRecords", "recordsFound", "mergeRecords"],
      ...["hashRows", "routeRows", "listRows"],
      ...["tableDue", "sortWindow", "findOverflow", "tableDrop"],
      ...["gatherResults", "gatherWords", "gatherKeys", "gatherEnds", "gatherBytes"],
    ],
    twin: "src/windows/reference_window_table.ts#ReferenceWindowTable",
    test: "tests/window_table_test.ts",
    bench: "bench/window_bench.ts",
  },
  {
    exports: ["addSlice", "stackSlice", "leaveSlices", "putWindow", "nextWaiting"],
    twin: "src/windows/reference_window_table.ts#ReferenceWindowTable",
    test: "tests/window_table_test.ts",
    bench: "bench/sliding_bench.ts",
  },
  {
    exports: ["tableKinds", "lateOfKind", "outsideOfKind", "collectSlice"],
    twin: "src/windows/reference_window_table.ts#ReferenceWindowTable",
    test: "tests/shared_windows_test.ts",
    bench: "bench/shared_bench.ts",
  },
  {
    exports: [
      ...["beginSessions", "addSessions", "sessionsLate", "sessionsOutside", "sessionsUntimed"],
      ...["closeSessions", "sessionOverflow", "gatherSessions", "dropSessions"],
      ...["measureSessions", "measuredSessions", "beginSessionRecords", "writeSessions"],
      ...["clearSessions", "readSessions", "sessionsOpen", "sessionsOldest"],
    ],
    twin: "src/windows/reference_sessions.ts#ReferenceSessions",
    test: "tests/sessions_test.ts",
    bench: "bench/session_bench.ts",
  },
  {
    exports: ["expressionRun", "expressionTextBytes", "expressionPackText", "expressionRowsOf"],
    twin: "src/batch/expressions/row_plan.ts#RowPlan",
    test: "tests/expression_plan_test.ts",
    bench: "bench/expression_bench.ts",
  },
  {
    exports: ["readDoubles", "readDecimals"],
    twin: "src/codecs/text_values.ts#textParser",
    test: "tests/number_reading_test.ts",
    bench: "bench/number_bench.ts",
  },
  {
    exports: [
      ...["avroWriteRows", "avroPrepareCells"],
      ...["avroFaultIsNull", "avroFaultOp", "avroFaultRow"],
    ],
    twin: "src/codecs/avro/reference_avro_writer.ts#ReferenceAvroWriter",
    test: "tests/avro_encoder_test.ts",
    bench: "bench/avro_bench.ts",
  },
  {
    exports: [
      ...["jsonWriteRows", "jsonPrepareCells", "jsonPrepareSlots", "jsonSlotRows"],
      ...["jsonRowsTaken", "jsonBytesNeeded", "jsonLargest", "jsonMarkZeros"],
      ...["jsonPrepareCounts", "jsonJoinSlots", "jsonJoinRows"],
    ],
    twin: "src/batch/record_batch.ts#RecordBatch",
    test: "tests/json_encoder_test.ts",
    bench: "bench/json_write_bench.ts",
  },
  {
    exports: ["writeNumbers"],
    twin: "src/batch/expressions/time.ts#formatTimestamp",
    test: "tests/number_writing_test.ts",
    bench: "bench/number_bench.ts",
  },
  {
    exports: ["csvDecode"],
    twin: "src/codecs/reference_block_decoder.ts#ReferenceBlockDecoder",
    test: "tests/csv_block_decoder_test.ts",
    bench: "bench/csv_bench.ts",
  },
  {
    exports: ["csvWrite"],
    twin: "src/codecs/csv/reference_csv_encoder.ts#ReferenceCsvEncoder",
    test: "tests/csv_encoder_test.ts",
    bench: "bench/csv_bench.ts",
  },
  {
    exports: ["csvCut", "csvCutBegin"],
    twin: "src/codecs/csv/csv_scanner.ts#CsvScanner",
    test: "tests/csv_cutter_test.ts",
    bench: "bench/csv_bench.ts",
  },
  {
    exports: [
      ...["avroReadRows", "avroRecordAt", "avroRecordEnd"],
      ...["avroReadDetail", "avroReadFault", "avroReadFaultAt", "avroReadFaultOp"],
    ],
    twin: "src/codecs/avro/reference_avro_reader.ts#ReferenceAvroReader",
    test: "tests/avro_decoder_test.ts",
    bench: "bench/avro_bench.ts",
  },
  {
    exports: ["avroReadMessages"],
    twin: "src/codecs/avro/reference_avro_reader.ts#ReferenceAvroReader",
    test: "tests/avro_message_decoder_test.ts",
    bench: "bench/avro_bench.ts",
  },
  {
    exports: ["jsonRead", "jsonIndexFields"],
    twin: "src/codecs/reference_block_decoder.ts#ReferenceBlockDecoder",
    test: "tests/ndjson_block_decoder_test.ts",
    bench: "bench/json_read_bench.ts",
  },
  {
    exports: [
      ...["sampleSeeds", "sampleRandom", "sampleDraw", "sampleValues", "sampleLookup"],
      ...["sampleNumbers", "sampleInts"],
    ],
    twin: "src/generators/sampling/reference_sampler.ts#ReferenceSampler",
    test: "tests/sampler_kernel_test.ts",
    bench: "bench/generator_bench.ts",
  },
  {
    exports: ["sampleAlias"],
    twin: "src/generators/sampling/alias_table.ts#writeAliasTable",
    test: "tests/sampler_kernel_test.ts",
    bench: "bench/conditions_bench.ts",
  },
  {
    exports: ["sampleNormals", "sampleCopula"],
    twin: "src/generators/sampling/reference_sampler.ts#ReferenceSampler",
    test: "tests/copula_test.ts",
    bench: "bench/generator_models_bench.ts",
  },
  {
    exports: ["sampleTree"],
    twin: "src/generators/sampling/reference_sampler.ts#ReferenceSampler",
    test: "tests/trees_test.ts",
    bench: "bench/generator_models_bench.ts",
  },
  {
    exports: ["greatestOfTimes"],
    twin: "src/hive/event_times.ts#greatestTime",
    test: "tests/event_times_test.ts",
    bench: "bench/file_window_bench.ts",
  },
  {
    exports: ["circuitUp", "circuitDown", "circuitProduct", "circuitOuter"],
    twin: "src/generators/circuit/reference_circuit.ts#ReferenceCircuit",
    test: "tests/circuit_kernel_test.ts",
    bench: "bench/generator_bench.ts",
  },
  {
    exports: ["kafkaMeasure", "kafkaAppend", "kafkaClose"],
    twin: "src/kafka/records/reference_record_encoder.ts#ReferenceRecordEncoder",
    test: "tests/kafka_record_encoder_test.ts",
    bench: "bench/kafka_records_bench.ts",
  },
  {
    exports: ["kafkaRead", "kafkaCellBytes", "kafkaGather", "kafkaLines"],
    twin: "src/kafka/records/reference_records.ts#decodePlainBatches",
    test: "tests/kafka_record_decoder_test.ts",
    bench: "bench/kafka_records_bench.ts",
  },
  {
    exports: ["lz4Inflate"],
    twin: "src/batch/lz4_frames.ts#lz4Decompress",
    test: "tests/kafka_compression_test.ts",
    bench: "bench/kafka_records_bench.ts",
  },
  {
    exports: ["kafkaCrc"],
    twin: "src/batch/crc32c.ts#crc32c",
    test: "tests/kafka_record_decoder_test.ts",
    bench: "bench/kafka_records_bench.ts",
  },
];

/** Every other export. */
export const PLUMBING: readonly KernelPlumbing[] = [
  {
    exports: ["memory", "setBudget", "usedBytes", "allocate", "release"],
    purpose: "the arena: where blocks lie is nobody's business",
    test: "tests/kernel_test.ts",
  },
  {
    exports: [
      ...["tableCreate", "tableFree", "tableInitial", "tableParts"],
      ...["tableCount", "tableGroups", "tableBytes", "tableHolds", "tableStart"],
      ...["tableSkipped", "tableBelated", "tableRank"],
    ],
    purpose: "making and reading the record of a window table",
    test: "tests/window_table_test.ts",
  },
  {
    exports: ["sessionsCreate", "sessionsFree", "sessionsBytes", "sessionsHold"],
    purpose: "making sessions, and telling what memory they take and may take",
    test: "tests/kernel_sessions_test.ts",
  },
  {
    exports: [
      ...["columnPutNumber", "columnPutI64", "columnPutDecimal", "columnPutText", "columnPutNull"],
      ...["columnListStart", "columnListEnd", "columnItems"],
      ...["nullRow", "undoRow", "clearDictionary"],
    ],
    purpose: "single cells of columns under construction; readers write them in their loops",
    test: "tests/column_sink_test.ts",
  },
  {
    exports: [
      ...["sampleGather", "sampleStore", "sampleValid", "samplePresent", "sampleBools"],
      ...["sampleFirsts", "samplePositions", "sampleTextEnds", "sampleTexts"],
    ],
    purpose: "columns of positions and numbers: copies, of which the test has the plain form",
    test: "tests/sampler_kernel_test.ts",
  },
];
