/** The kinds of work that threads share. Single precision has the even numbers. */
import { stripPiece } from "../factor/tridiagonal";
import { solvePiece, updatePiece } from "../factor/triangular";
import { productPiece } from "../matmul/product";
import { unitPiece } from "../network/unit";
import { adamPiece, elementsPiece } from "./elements";

export const PRODUCT: i32 = 0;
export const SOLVE: i32 = 1;
export const STRIP: i32 = 2;
export const HESSIAN: i32 = 3;
export const ELEMENTS: i32 = 4;
export const ADAM: i32 = 5;
export const UPDATE: i32 = 6;

// @ts-ignore: decorator
@inline
export function kindOf<T>(kind: i32): i32 {
  return 2 * kind + i32(sizeof<T>() == 8);
}

export function run(kind: i32, piece: i32, thread: i32, scratch: usize): void {
  switch (kind) {
    case 2 * PRODUCT: productPiece<f32>(piece, scratch); break;
    case 2 * PRODUCT + 1: productPiece<f64>(piece, scratch); break;
    case 2 * SOLVE: solvePiece<f32>(piece, scratch); break;
    case 2 * SOLVE + 1: solvePiece<f64>(piece, scratch); break;
    case 2 * STRIP: stripPiece<f32>(piece); break;
    case 2 * STRIP + 1: stripPiece<f64>(piece); break;
    case 2 * HESSIAN: unitPiece<f32>(piece, thread, scratch); break;
    case 2 * HESSIAN + 1: unitPiece<f64>(piece, thread, scratch); break;
    case 2 * ELEMENTS: elementsPiece<f32>(piece); break;
    case 2 * ELEMENTS + 1: elementsPiece<f64>(piece); break;
    case 2 * ADAM: adamPiece<f32>(piece); break;
    case 2 * ADAM + 1: adamPiece<f64>(piece); break;
    case 2 * UPDATE: updatePiece<f32>(piece, scratch); break;
    case 2 * UPDATE + 1: updatePiece<f64>(piece, scratch); break;
    default: unreachable();
  }
}
