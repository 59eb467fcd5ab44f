import type { Column } from "../batch/column.ts";
import type { DataType } from "../batch/schema.ts";
import type { SinkBuffers } from "../kernel/sink_types.ts";

/** The buffers of a column that a reader of the kernel has built, as a column of a batch. */
export function builtColumn(type: DataType, buffers: SinkBuffers): Column {
  const { child, ...rest } = buffers;
  if (child === undefined) return { type, ...rest };
  const inner: DataType = type.kind === "list" ? type.item : { kind: "utf8" };
  return { type, ...rest, children: [builtColumn(inner, child)] };
}

/** A column with buffers of its own, for one whose buffers lie where others will. */
export function ownColumn(column: Column): Column {
  const { values, offsets, validity, children } = column;
  return {
    ...column,
    ...(values && { values: values.slice() }),
    ...(offsets && { offsets: offsets.slice() }),
    ...(validity && { validity: validity.slice() }),
    ...(children && { children: children.map(ownColumn) }),
  };
}
