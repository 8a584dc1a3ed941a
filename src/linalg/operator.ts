import { checkFunction, checkInteger, isFloat32, isFloat64, wrongType, wrongValue } from "../check.js";
import type { FloatArray } from "../wasm/workspace.js";
import { newVector } from "./vector.js";

/** A linear map from vectors of `size` numbers to such vectors, known by its products alone. */
export interface LinearOperator {
  /** Numbers in a vector. */
  readonly size: number;
  /**
   * The product with v, of `size` numbers, single or double precision. Neither side keeps the
   * other's vector after the call.
   */
  matvec(v: FloatArray): FloatArray;
}

export function checkOperator(where: string, name: string, op: unknown): asserts op is LinearOperator {
  if (typeof op !== "object" || op === null) {
    wrongType(where, name, "an operator { size, matvec(v) }", op);
  }
  const { size, matvec } = op as Partial<LinearOperator>;
  checkInteger(where, `${name}.size`, size, 0);
  checkFunction(where, `${name}.matvec`, matvec);
}

/**
 * An operator's products, counted and checked; whatever the operator does to its argument or its
 * result stays with it.
 */
export class Products {
  /** Products so far. */
  count = 0;
  /** Whether the last product came in single precision. */
  single = false;
  /** In words, where the last product was not finite. */
  trouble = "";
  readonly size: number;
  readonly #argument: Float64Array;

  constructor(
    readonly where: string,
    readonly operator: LinearOperator,
    readonly name = "op",
  ) {
    this.size = operator.size;
    this.#argument = newVector(where, this.size);
  }

  /** out ← A·v; false where that is not finite. */
  into(v: Float64Array, out: Float64Array): boolean {
    this.#argument.set(v);
    const product: unknown = this.operator.matvec(this.#argument);
    this.count += 1;
    if (!(isFloat64(product) || isFloat32(product))) {
      wrongType(this.where, `${this.name}.matvec`, "a Float64Array or Float32Array in return", product);
    }
    if (product.length !== this.size) {
      wrongValue(this.where, `${this.name}.matvec`, `${this.size} numbers in return`, String(product.length));
    }
    this.single = isFloat32(product);
    let sum = 0;
    for (let i = 0; i < product.length; ++i) {
      const value = product[i];
      out[i] = value;
      sum += value - value;
    }
    if (sum === 0) return true;
    const at = out.findIndex((value) => value - value !== 0);
    this.trouble = `${this.name}.matvec gave ${out[at]} at index ${at} of product ${this.count}`;
    return false;
  }
}
