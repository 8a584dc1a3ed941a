/** Strokes segments of a raster stretched over a square. */
export function strokeSegments(context: CanvasRenderingContext2D, segments: Float32Array, scale: number): void {
  context.beginPath();
  for (let i = 0; i < segments.length; i += 4) {
    context.moveTo(segments[i] * scale, segments[i + 1] * scale);
    context.lineTo(segments[i + 2] * scale, segments[i + 3] * scale);
  }
  context.stroke();
}
