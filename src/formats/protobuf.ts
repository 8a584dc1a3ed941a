/**
 * Protobuf's wire format (https://protobuf.dev/programming-guides/encoding), as far as writing ONNX needs it. A message is a list of
 * chunks, so that large tensors are copied once.
 */
export interface Message {
  readonly length: number;
  readonly chunks: readonly Uint8Array[];
}

const VARINT = 0;
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
