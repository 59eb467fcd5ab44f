import { constantOf } from "./literal.ts";
import { argsOf, type ExprNode, type LiteralNode, type StructNode } from "./node.ts";

const PRINTED_CHARACTERS = 160;

/** An expression as one would write it in TypeScript, cut after some 160 characters. */
export function printExpression(node: ExprNode): string {
  const text = print(node, PRINTED_CHARACTERS);
  return text.length > PRINTED_CHARACTERS ? `${text.slice(0, PRINTED_CHARACTERS)}…` : text;
}

// `room` shrinks from level to level, so that a large expression is not printed in full to be cut
function print(node: ExprNode, room: number): string {
  if (room <= 0) return "…";
  switch (node.op) {
    case "col":
      return `col(${JSON.stringify(node.name)})`;
    case "lit":
      return `lit(${printLiteral(node)})`;
    case "now":
      return "now()";
    case "struct":
      return printStruct(node, room);
    case "when":
      return printWhen(node.args, room);
    case "coalesce":
    case "concat":
      return `${node.op}(${printAll(node.args, room)})`;
    default:
      return printMethod(node, room);
  }
}

function printMethod(node: ExprNode, room: number): string {
  const [self, ...others] = argsOf(node);
  const receiver = print(self, room);
  const left = room - receiver.length;
  const params = printParams(node);
  const all = printAll(others, left);
  const inner = node.op === "in" ? `[${all}]` : [all, params].filter(Boolean).join(", ");
  return `${receiver}.${node.op}(${inner})`;
}

function printParams(node: ExprNode): string {
  switch (node.op) {
    case "round":
      return node.digits === 0 ? "" : String(node.digits);
    case "like":
      return JSON.stringify(node.pattern) +
        (node.escape === "\\" ? "" : `, { escape: ${JSON.stringify(node.escape)} }`);
    case "cast":
    case "tryCast":
      return JSON.stringify(
        node.type.kind === "decimal"
          ? `decimal(${node.type.precision}, ${node.type.scale})`
          : node.type.kind,
      );
    case "field":
      return JSON.stringify(node.name);
    case "truncate":
      return JSON.stringify(node.unit);
    case "extract":
      return JSON.stringify(node.part);
    default:
      return "";
  }
}

function printAll(args: readonly ExprNode[], room: number): string {
  let text = "";
  for (const arg of args) {
    if (text.length > room) return `${text}, …`;
    text += (text === "" ? "" : ", ") + printOperand(arg, room - text.length);
  }
  return text;
}

function printOperand(node: ExprNode, room: number): string {
  return node.op === "lit" ? printLiteral(node) : print(node, room);
}

function printLiteral(node: LiteralNode): string {
  const { kind, value } = constantOf(node);
  if (kind === "i64") return `${value}n`;
  if (kind === "utf8") return JSON.stringify(value);
  if (kind === "timestamp") return `new Date(${value})`;
  return Object.is(value, -0) ? "-0" : String(value);
}

function printStruct({ names, args }: StructNode, room: number): string {
  let text = "";
  for (const [at, name] of names.entries()) {
    if (text.length > room) return `struct({ ${text}, … })`;
    text += `${at === 0 ? "" : ", "}${JSON.stringify(name)}: ` +
      printOperand(args[at], room - text.length);
  }
  return `struct({ ${text} })`;
}

function printWhen(args: readonly ExprNode[], room: number): string {
  let text = "";
  for (let at = 0; at + 1 < args.length; at += 2) {
    if (text.length > room) return `${text}…`;
    const condition = printOperand(args[at], room - text.length);
    const result = printOperand(args[at + 1], room - text.length);
    text += `${at === 0 ? "" : "."}when(${condition}).then(${result})`;
  }
  return `${text}.otherwise(${printOperand(args[args.length - 1], room - text.length)})`;
}
