/**
 * Pictures of the scenes, 120 × 72: strokes in the colour of ink, of what curves up, and of what
 * curves down.
 */
export const pictures = {
  dying: {
    ink: "M8 60H112M8 60V10",
    up: "M10 18C24 20 26 52 34 52H112",
    down: "M46 40l10 10m0-10l-10 10M70 40l10 10m0-10l-10 10",
  },
  matrix: {
    ink: "M30 6h60v60h-60zM30 36h60M60 6v60",
    up: "M34 12h8v8h-8zM46 24h8v8h-8zM66 44h8v8h-8zM78 54h8v8h-8z",
    down: "M66 12h8v8h-8zM80 24h6v8h-6zM36 44h8v8h-8zM46 54h8v8h-8z",
  },
  saddle: {
    ink: "M60 36m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    up: "M10 14C40 44 80 44 110 14",
    down: "M28 64C48 26 72 26 92 64",
  },
  deep: {
    ink: "M12 20v32M32 20v32M52 20v32M72 20v32M92 20v32M110 36h4",
    up: "M12 36h20",
    down: "M42 28l20 16m0-16l-20 16",
  },
  kink: { ink: "M8 52H112M60 8V64", up: "M60 52L104 12", down: "M16 52H60" },
  sigmoid: { ink: "M8 60H112", up: "M8 58C50 58 56 14 112 14", down: "M84 22H112M8 52H36" },
  unsure: {
    ink: "M20 58l4 4M34 46l4 4M46 48l4 4M58 34l4 4",
    up: "M8 64C44 44 60 40 112 16",
    down: "M8 70C44 46 60 44 112 34M8 56C44 42 60 36 112 4",
  },
  prune: {
    ink: "M16 16a5 5 0 1 0 .1 0M16 46a5 5 0 1 0 .1 0M104 30a5 5 0 1 0 .1 0M60 8a5 5 0 1 0 .1 0M60 54a5 5 0 1 0 .1 0",
    up: "M22 20L54 14M66 14L98 34",
    down: "M28 30l8 8m0-8l-8 8M80 48l8 8m0-8l-8 8",
  },
  suspects: {
    ink: "M46 30a16 16 0 1 0 32 0a16 16 0 1 0-32 0",
    up: "M24 20h.1M36 52h.1M20 40h.1M60 56h.1M30 32h.1M44 14h.1",
    down: "M62 30h.1M92 44h.1M100 26h.1M88 18h.1M96 58h.1",
  },
  edge: {
    ink: "M8 64H112M8 64V8",
    up: "M8 56C30 50 34 24 46 22l6 6 6-10 6 9 6-10 6 9 6-9 6 8 6-8 8 6",
    down: "M8 22H112",
  },
  along: {
    ink: "M60 44m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    up: "M12 10C40 56 80 56 108 10",
    down: "M30 44H90M84 38l6 6-6 6M36 38l-6 6 6 6",
  },
} as const;
