import { wrongValue } from "../check.js";

/**
 * Protobuf's wire format (https://protobuf.dev/programming-guides/encoding), as far as ONNX needs
 * it. A message to be written is a list of chunks, so that large tensors are copied once.
 */
export interface Message {
  readonly length: number;
  readonly chunks: readonly Uint8Array[];
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Fields, one after another. */
export function message(...fields: readonly Message[]): Message {
  return {
    length: fields.reduce((sum, { length }) => sum + length, 0),
    chunks: fields.flatMap(({ chunks }) => chunks),
  };
}

/** A whole number of at least 0. */
export function integer(field: number, value: number): Message {
  return chunk(Uint8Array.from([...tag(field, VARINT), ...varint(value)]));
}

/** A number in single precision. */
export function float(field: number, value: number): Message {
  const bytes = new Uint8Array(5);
  bytes.set(tag(field, FIXED32));
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return chunk(bytes);
}

export function string(field: number, value: string): Message {
  return raw(field, new TextEncoder().encode(value));
}

export function raw(field: number, bytes: Uint8Array): Message {
  return nested(field, chunk(bytes));
}

export function nested(field: number, inner: Message): Message {
  const head = Uint8Array.from([...tag(field, BYTES), ...varint(inner.length)]);
  return { length: head.length + inner.length, chunks: [head, ...inner.chunks] };
}

/** The bytes of a message, in one array. */
export function bytesOf({ length, chunks }: Message): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of chunks) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function chunk(bytes: Uint8Array): Message {
  return { length: bytes.length, chunks: [bytes] };
}

/** Fields up to 15 have tags of one byte; ONNX's that matter here have numbers up to 20. */
function tag(field: number, type: number): number[] {
  return varint(field * 8 + type);
}

/** Seven bits a byte, the lowest first. Shifts would wrap beyond 2³¹. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  while (value >= 128) {
    bytes.push((value % 128) + 128);
    value = Math.floor(value / 128);
  }
  return [...bytes, value];
}

/** A field of a message that is read. */
export interface Field {
  readonly field: number;
  /**
   * A whole number with its sign, or a number in single or double precision; 0 where it is bytes.
   */
  readonly value: number;
  /** What it holds: a string, a message, packed numbers. Empty where it is one number. */
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The fields of a message, one after another; nothing is copied. */
export function* fieldsOf(where: string, bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(where, bytes, at);
    at = tag.end;
    const [field, type] = [Math.floor(tag.value / 8), tag.value % 8];
    if (type === VARINT) {
      const { value, end } = readVarint(where, bytes, at);
      at = end;
      yield { field, value, bytes: NOTHING };
    } else if (type === FIXED32 || type === FIXED64) {
      const size = type === FIXED32 ? 4 : 8;
      if (at + size > bytes.length) truncated(where);
      yield { field, value: type === FIXED32 ? view.getFloat32(at, true) : view.getFloat64(at, true), bytes: NOTHING };
      at += size;
    } else if (type === BYTES) {
      const { value, end } = readVarint(where, bytes, at);
      if (!(value >= 0 && end + value <= bytes.length)) truncated(where);
      yield { field, value: 0, bytes: bytes.subarray(end, end + value) };
      at = end + value;
    } else wrongValue(where, "bytes", "fields as protobuf has them", `one of type ${type}`, "it is no such file");
  }
}

/** Whole numbers behind one another. */
export function varintsOf(where: string, bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, end } = readVarint(where, bytes, at);
    values.push(value);
    at = end;
  }
  return values;
}

/** Of 64 bits with a sign; beyond 2⁵³ the nearest number. */
function readVarint(where: string, bytes: Uint8Array, from: number): { value: number; end: number } {
  let [value, factor] = [0, 1];
  for (let at = from; at < bytes.length && at < from + 10; ++at) {
    value += (bytes[at] & 127) * factor;
    factor *= 128;
    if (bytes[at] >= 128) continue;
    return { value: at === from + 9 ? signed(bytes, from) : value, end: at + 1 };
  }
  return truncated(where);
}

/** Ten bytes: a negative number, or one of more than 63 bits. */
function signed(bytes: Uint8Array, from: number): number {
  let value = 0n;
  for (let i = 9; i >= 0; --i) value = (value << 7n) | BigInt(bytes[from + i] & 127);
  return Number(BigInt.asIntN(64, value));
}

function truncated(where: string): never {
  return wrongValue(where, "bytes", "whole fields, as protobuf has them", "one that is cut off", "it is truncated");
}
