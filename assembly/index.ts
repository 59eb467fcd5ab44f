// The kernel's exports, one room a line.
export { allocate, release, setBudget, usedBytes } from "./memory/arena";
export {
  tableBelated,
  tableBytes,
  tableCount,
  tableCreate,
  tableDrop,
  tableDue,
  tableFree,
  tableGroups,
  tableHolds,
  tableInitial,
  tableKinds,
  tableParts,
  tableRank,
  tableShape,
  tableSkipped,
  tableStart,
} from "./window/table";
export {
  beginTimes,
  greatestTime,
  lateOfKind,
  lateRows,
  leastTime,
  outsideOfKind,
  outsideRows,
  untimedRows,
  watermark,
} from "./window/assign";
export { addRows } from "./window/add";
export { findStates, newDictionary } from "./window/find";
export { frontRoom, frontServed } from "./window/front";
export { countRows, updateStates } from "./window/update";
export { updatePair } from "./window/pairs";
export { addByIndex, endByIndex, updateByIndex } from "./window/by_index";
export {
  beginWrite,
  findRecords,
  measuredRecords,
  measureWindow,
  recordsFound,
  tableClear,
  writeRecords,
} from "./window/delta";
export {
  addSlice,
  collectSlice,
  leaveSlices,
  nextWaiting,
  putWindow,
  stackSlice,
} from "./window/compose";
export { mergeRecords } from "./window/merge";
export { hashRows, listRows, routeRows } from "./window/route";
export { gatherBytes, gatherEnds, gatherKeys, gatherResults, gatherWords } from "./window/gather";
export { findOverflow, sortWindow } from "./window/sort";
export {
  sessionsBytes,
  sessionsCreate,
  sessionsFree,
  sessionsHold,
  sessionsOldest,
  sessionsOpen,
} from "./session/sessions";
export {
  addSessions,
  beginSessions,
  sessionsLate,
  sessionsOutside,
  sessionsUntimed,
} from "./session/add";
export { closeSessions, dropSessions, gatherSessions, sessionOverflow } from "./session/close";
export {
  beginSessionRecords,
  clearSessions,
  measuredSessions,
  measureSessions,
  readSessions,
  writeSessions,
} from "./session/records";
export { expressionRun } from "./expression/run";
export { expressionPackText, expressionRowsOf, expressionTextBytes } from "./expression/output";
export {
  columnItems,
  columnListEnd,
  columnListStart,
  columnPutDecimal,
  columnPutI64,
  columnPutNull,
  columnPutNumber,
  columnPutText,
} from "./column/cells";
export { clearDictionary } from "./column/dictionary";
export { nullRow, undoRow } from "./column/sink";
export { greatestOfTimes } from "./column/times";
export { avroPrepareCells, avroWriteRows } from "./avro/write";
export { avroFaultIsNull, avroFaultOp, avroFaultRow } from "./avro/write_values";
export { readDecimals, readDoubles, writeNumbers } from "./number/columns";
export { csvCut, csvCutBegin } from "./csv/cut";
export { csvDecode } from "./csv/decode";
export { csvWrite } from "./csv/write";
export {
  avroReadDetail,
  avroReadFault,
  avroReadFaultAt,
  avroReadFaultOp,
} from "./avro/fault";
export { avroReadRows, avroRecordAt, avroRecordEnd } from "./avro/read";
export { avroReadMessages } from "./avro/read_messages";
export { jsonIndexFields } from "./json/fields";
export { jsonRead } from "./json/read";
export { jsonBytesNeeded, jsonPrepareCells, jsonRowsTaken, jsonWriteRows } from "./json/write";
export {
  jsonJoinRows,
  jsonJoinSlots,
  jsonLargest,
  jsonMarkZeros,
  jsonPrepareCounts,
  jsonPrepareSlots,
  jsonSlotRows,
} from "./json/slots";
export { sampleAlias } from "./sample/alias";
export { sampleRandom, sampleSeeds } from "./sample/random";
export { sampleDraw, sampleLookup, sampleValues } from "./sample/draw";
export { sampleGather, sampleInts, sampleNumbers, sampleStore } from "./sample/numbers";
export {
  sampleBools,
  sampleFirsts,
  samplePositions,
  samplePresent,
  sampleTextEnds,
  sampleTexts,
  sampleValid,
} from "./sample/columns";
export { circuitDown, circuitOuter, circuitProduct, circuitUp } from "./sample/circuit";
export { sampleCopula, sampleNormals } from "./sample/copula";
export { sampleTree } from "./sample/trees";
export { kafkaCrc } from "./kafka/crc32c";
export { kafkaMeasure } from "./kafka/measure";
export { kafkaAppend, kafkaClose } from "./kafka/write";
export { kafkaRead } from "./kafka/read";
export { kafkaCellBytes, kafkaGather, kafkaLines } from "./kafka/gather";
export { lz4Inflate } from "./kafka/lz4";
