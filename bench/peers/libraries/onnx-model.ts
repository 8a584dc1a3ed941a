import type { Product } from "../peer.ts";

// The few messages of onnx.proto that one node needs, in protobuf's wire format: (field << 3 |
// type), then the value.

type Field = readonly [number: number, value: number | string | Uint8Array];

const utf8 = new TextEncoder();
const VARINT = 0;
const BYTES = 2;

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

function message(...fields: Field[]): Uint8Array {
  const bytes = fields.flatMap(([number, value]) => {
    if (typeof value === "number") return [...varint((number << 3) | VARINT), ...varint(value)];
    const content = typeof value === "string" ? utf8.encode(value) : value;
    return [...varint((number << 3) | BYTES), ...varint(content.length), ...content];
  });
  return Uint8Array.from(bytes);
}

const attribute = (name: string, value: boolean) => message([1, name], [3, Number(value)], [20, 2]);
const dimension = (size: number) => message([1, size]);

function valueInfo(name: string, elementType: number, shape: readonly number[]) {
  const tensor = message([1, elementType], [2, message(...shape.map((size): Field => [1, dimension(size)]))]);
  return message([1, name], [2, message([1, tensor])]);
}

export const shapesOf = ({ rows, inner, columns, transposeA, transposeB }: Product) => ({
  a: transposeA ? [inner, rows] : [rows, inner],
  b: transposeB ? [columns, inner] : [inner, columns],
  c: [rows, columns],
});

/** A model of one node, c = op(a)·op(b): MatMul, or Gemm where something is transposed. */
export function productModel(product: Product): Uint8Array {
  const { dtype, transposeA, transposeB } = product;
  const elementType = dtype === "f32" ? 1 : 11;
  const { a, b, c } = shapesOf(product);
  const names: Field[] = [
    [1, "a"],
    [1, "b"],
    [2, "c"],
  ];
  const node =
    transposeA || transposeB
      ? message(...names, [4, "Gemm"], [5, attribute("transA", transposeA)], [5, attribute("transB", transposeB)])
      : message(...names, [4, "MatMul"]);
  const graph = message(
    [1, node],
    [2, "product"],
    [11, valueInfo("a", elementType, a)],
    [11, valueInfo("b", elementType, b)],
    [12, valueInfo("c", elementType, c)],
  );
  const irVersion = 8;
  const operatorSet = message([1, ""], [2, 13]);
  return message([1, irVersion], [7, graph], [8, operatorSet]);
}
