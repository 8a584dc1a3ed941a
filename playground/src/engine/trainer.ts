import { toJson } from "hessia/formats";
import { isLong } from "../model/course.ts";
import { digestOf, type Place } from "../model/place.ts";
import { plainly } from "../model/plainly.ts";
import type { Frame, FromTrainer, Pace, ToTrainer, TrailPoint, Wants } from "../model/protocol.ts";
import type { Change, LiveSettings, Snapshot } from "../model/settings.ts";
import { confusionOf, Painter, sceneryOf, scoreOf } from "./picture.ts";
import { Session } from "./session.ts";

/** How long to train before messages are looked at, in milliseconds. */
const SLICE = 7;
/** Most points that are kept of the path, as every second one goes when there are more. */
const MOST_PATH = 256;
/** Points of the loss curves that a replay leaves. */
const TRAIL = 150;
/** Steps from the start on of which each leaves a point. */
const EVERY = 100;

/** `moved`: buffers that go to the page instead of being copied. */
type Post = (message: FromTrainer, moved?: ArrayBuffer[]) => void;

/**
 * Trains one network for the page: slices of work between messages, and a picture whenever one is
 * asked for.
 */
export class Trainer {
  #session: Session | null = null;
  #painter: Painter | null = null;
  #playing = false;
  /** The last start of playing that was heard of. */
  #plays = 0;
  #pace: Pace = 1;
  #until = Number.POSITIVE_INFINITY;
  /** Parts of steps that pictures have gathered, where a step takes several of them. */
  #credit = 0;
  /** The step to replay to, −1 when nothing is replayed. */
  #replayTo = -1;
  #path: { step: number; parameters: Float64Array }[] = [];
  #stride = 1;
  #trail: TrailPoint[] = [];
  /** Number of the start. */
  #start = 0;
  /** Training loss at the start, and the last parameters that were no worse. */
  #firstLoss = Number.POSITIVE_INFINITY;
  #sane: Pick<Snapshot, "parameters" | "statistics"> | null = null;
  #speed = { since: 0, epoch: 0, value: 0 };
  #ticking = false;
  readonly #channel = new MessageChannel();

  constructor(readonly post: Post) {
    this.#channel.port1.onmessage = () => this.#tick();
  }

  take(message: ToTrainer): void {
    try {
      this.#take(message);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#playing = false;
    this.#replayTo = -1;
    this.post({ type: "failed", start: this.#start, message: plainly(error, "These settings cannot be trained with") });
  }

  #take(message: ToTrainer): void {
    if (message.type === "load") {
      this.#load(message);
      return;
    }
    const session = this.#session;
    if (!session) {
      if (message.type === "change" || message.type === "rescue") this.post({ type: "kept", snapshot: null });
      return;
    }
    if (message.type === "play") {
      this.#playing = true;
      this.#plays = message.plays;
      this.#pace = message.pace;
      this.#credit = 0;
      this.#until = message.until ?? Number.POSITIVE_INFINITY;
      session.halt = null;
      this.#speed = { since: performance.now(), epoch: session.epoch, value: 0 };
      this.#schedule();
    } else if (message.type === "pause") this.#playing = false;
    else if (message.type === "advance") {
      session.halt = null;
      if (message.by === "step") this.#advance(session, session.step + 1);
      else this.#advanceEpoch(session);
      this.#keepPath();
    } else if (message.type === "change") this.#change(session, message.change);
    else if (message.type === "rescue") this.#rescue(session, message.set);
    else if (message.type === "stop") this.#stop(session);
    else if (message.type === "path") this.post({ type: "path", path: this.#path.map(({ parameters }) => parameters) });
    else if (message.type === "save") this.post({ type: "saved", text: saved(session) });
    else this.#frame(session, message.wants);
  }

  #load({ start, course, own, keep }: Extract<ToTrainer, { type: "load" }>): void {
    if (keep) this.post({ type: "kept", snapshot: this.#session?.snapshot() ?? null });
    this.#playing = false;
    this.#start = start;
    this.#replayTo = -1;
    this.#session = null;
    const session = new Session(course, own);
    this.#session = session;
    this.#painter = new Painter(session);
    if (course.at > session.step) this.#replayTo = course.at;
    this.#firstLoss = Number.POSITIVE_INFINITY;
    this.#sane = null;
    this.#path = [];
    this.#trail = [];
    this.#stride = 1;
    this.#keepPath();
    this.#leaveTrail(session);
    this.post({ type: "scenery", start, scenery: sceneryOf(session) });
    this.#schedule();
  }

  #change(session: Session, change: Change): void {
    this.post({ type: "kept", snapshot: session.snapshot() });
    session.change(change);
  }

  /**
   * Back to the last parameters that were no worse than the first ones, and on from there in
   * another way.
   */
  #rescue(session: Session, set: Partial<LiveSettings>): void {
    this.post({ type: "kept", snapshot: session.snapshot() });
    const sane = this.#sane;
    if (sane && sane.parameters.length === session.net.parameterCount) {
      const { parameters, statistics } = sane;
      session.change({ kind: "back", parameters: Array.from(parameters), statistics: Array.from(statistics) });
    }
    session.change({ kind: "set", set });
  }

  #stop(session: Session): void {
    this.#replayTo = -1;
    session.coming = [];
  }

  /** Trains on; of the first steps each leaves a point of the curves. */
  #advance(session: Session, toStep: number, deadline = Number.POSITIVE_INFINITY): void {
    while (session.step < Math.min(EVERY, toStep) && !session.halt) {
      session.advance(session.step + 1);
      this.#leaveTrail(session);
      if (performance.now() >= deadline) return;
    }
    session.advance(toStep, deadline);
  }

  #advanceEpoch(session: Session): void {
    const { epoch } = session;
    while (session.epoch === epoch && !session.halt) this.#advance(session, session.step + 1);
  }

  /** Goes on with the work once waiting messages have been handled. */
  #schedule(): void {
    if (this.#ticking || !this.#busy) return;
    this.#ticking = true;
    this.#channel.port2.postMessage(null);
  }

  get #busy(): boolean {
    return this.#replayTo >= 0 || (this.#playing && this.#pace === "full");
  }

  #tick(): void {
    this.#ticking = false;
    const session = this.#session;
    if (!session || !this.#busy) return;
    try {
      const deadline = performance.now() + SLICE;
      if (this.#replayTo >= 0) {
        this.#replay(session, deadline);
      } else {
        this.#advance(session, this.#until, deadline);
        this.#afterwards(session);
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#schedule();
  }

  #replay(session: Session, deadline: number): void {
    const before = session.step;
    const stretch = Math.ceil(this.#replayTo / TRAIL);
    do {
      const from = session.step;
      this.#leaveTrail(session);
      this.#advance(session, Math.min(this.#replayTo, session.step + stretch), deadline);
      // What halted the run then was gone past then.
      if (session.step < this.#replayTo && session.halt?.kind === "goal") session.halt = null;
      if (session.step === from) break;
    } while (session.step < this.#replayTo && !session.halt && performance.now() < deadline);
    const reached = session.step >= this.#replayTo;
    if (reached || session.halt || session.step === before) this.#replayTo = -1;
    this.#keepPath();
  }

  /** A point of the curves. */
  #leaveTrail(session: Session): void {
    const { step, epoch, passes, world } = session;
    const train = scoreOf(session, world.train);
    const test = scoreOf(session, world.test);
    this.#watch(session, train.loss);
    if (this.#trail.at(-1)?.step === step) return;
    this.#trail.push({ step, epoch, passes, trainLoss: train.loss, testLoss: test.loss });
  }

  /** Keeps parameters that are no worse than the first ones. */
  #watch({ net }: Session, loss: number): void {
    if (this.#firstLoss === Number.POSITIVE_INFINITY) this.#firstLoss = loss;
    if (!(loss <= this.#firstLoss)) return;
    this.#sane = {
      parameters: Float64Array.from(net.getParameters()),
      statistics: Float64Array.from(net.getRunningStatistics()),
    };
  }

  #afterwards(session: Session): void {
    if (session.halt || session.step >= this.#until) this.#playing = false;
    this.#keepPath();
    const { since, epoch } = this.#speed;
    const seconds = (performance.now() - since) / 1000;
    if (seconds > 0.5)
      this.#speed = { since: performance.now(), epoch: session.epoch, value: (session.epoch - epoch) / seconds };
  }

  #keepPath(): void {
    const { step, net } = this.#session as Session;
    const last = this.#path.at(-1);
    if (last && step - last.step < this.#stride) return;
    this.#path.push({ step, parameters: Float64Array.from(net.getParameters()) });
    if (this.#path.length <= MOST_PATH) return;
    this.#path = this.#path.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  #frame(session: Session, wants: Wants): void {
    if (this.#playing && this.#pace !== "full" && this.#replayTo < 0) {
      this.#credit += this.#pace;
      const steps = Math.floor(this.#credit);
      this.#credit -= steps;
      this.#advance(session, Math.min(this.#until, session.step + steps), performance.now() + 4 * SLICE);
      this.#afterwards(session);
    }
    const frame = this.#pictureOf(session, this.#painter as Painter, wants);
    this.post({ type: "frame", frame }, buffersOf(frame));
  }

  #place({ networks, log, step, net }: Session): Place {
    return {
      start: this.#start,
      network: networks,
      changes: log.length,
      step,
      digest: digestOf(net.getParameters()),
    };
  }

  #pictureOf(session: Session, painter: Painter, wants: Wants): Frame {
    const { world, net, last } = session;
    const train = scoreOf(session, world.train);
    const test = scoreOf(session, world.test);
    this.#watch(session, train.loss);
    const trail = this.#trail;
    this.#trail = [];
    return {
      place: this.#place(session),
      passes: session.passes,
      snapshot: isLong(session) ? session.snapshot() : null,
      trail,
      step: session.step,
      epoch: session.epoch,
      trainLoss: train.loss,
      testLoss: test.loss,
      trainAccuracy: train.accuracy,
      testAccuracy: test.accuracy,
      gradientNorm: last?.gradientNorm ?? null,
      learningRate: last?.learningRate ?? session.settings.learningRate,
      parameters: Float64Array.from(net.getParameters()),
      statistics: Float64Array.from(net.getRunningStatistics()),
      confusion: confusionOf(session),
      ...painter.maps(wants),
      dead: painter.dead(),
      crossings: painter.countCrossings(),
      settings: session.settings,
      log: session.log.slice(),
      coming: session.coming.slice(),
      playing: this.#playing,
      plays: this.#plays,
      halt: session.halt,
      replayed: this.#replayTo < 0 ? 1 : session.step / this.#replayTo,
      speed: this.#speed.value,
      notes: notesOf(last),
    };
  }
}

/** Everything of a picture that was made for it alone. */
function buffersOf({ parameters, statistics, unitMaps, outputMap, classMaps, kinks, regions }: Frame): ArrayBuffer[] {
  const arrays = [parameters, statistics, outputMap, regions?.of, ...(classMaps ?? []), ...(unitMaps ?? []).flat()];
  for (const { lines } of kinks ?? []) arrays.push(...lines);
  return arrays.flatMap((array) => (array ? [array.buffer as ArrayBuffer] : []));
}

/** The network as the package writes it, with what it was trained on. */
function saved({ net, step, epoch, world }: Session): string {
  const { data, noise, samples, dataSeed, train, features } = world.settings;
  return toJson(net, { metadata: { step, epoch, data, noise, samples, dataSeed, train, features: [...features] } });
}

const told = ["gainRatio", "damping", "radius", "stepNorm", "smallestEigenvalue", "kinksCrossed"];

function notesOf(record: Session["last"]): Record<string, number> {
  const notes: Record<string, number> = {};
  for (const key of told) {
    const value = (record as unknown as Record<string, unknown> | null)?.[key];
    if (typeof value === "number") notes[key] = value;
  }
  return notes;
}
