import { toJson } from "hessia/formats";
import type { Frame, FromTrainer, Pace, ToTrainer, TrailPoint, Wants } from "../model/protocol.ts";
import { confusionOf, Painter, sceneryOf, scoreOf } from "./picture.ts";
import { Session } from "./session.ts";

/** How long to train before messages are looked at, in milliseconds. */
const SLICE = 7;
/** Most points that are kept of the path, as every second one goes when there are more. */
const MOST_PATH = 256;
/** Points of the loss curves that a replay leaves. */
const TRAIL = 150;

/** `moved`: buffers that go to the page instead of being copied. */
type Post = (message: FromTrainer, moved?: ArrayBuffer[]) => void;

/** Trains one network for the page: slices of work between messages, and a picture whenever one is asked for. */
export class Trainer {
  #session: Session | null = null;
  #painter: Painter | null = null;
  #playing = false;
  #pace: Pace = 1;
  #until = Number.POSITIVE_INFINITY;
  /** Parts of steps that pictures have gathered, where a step takes several of them. */
  #credit = 0;
  /** The step to replay to, −1 when nothing is replayed. */
  #replayTo = -1;
  #path: { step: number; parameters: Float64Array }[] = [];
  #stride = 1;
  #trail: TrailPoint[] = [];
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
      this.#playing = false;
      this.post({ type: "failed", message: (error as Error).message });
    }
  }

  #take(message: ToTrainer): void {
    if (message.type === "load") {
      this.#load(message);
      return;
    }
    const session = this.#session;
    if (!session) return;
    if (message.type === "play") {
      this.#playing = true;
      this.#pace = message.pace;
      this.#credit = 0;
      this.#until = message.until ?? Number.POSITIVE_INFINITY;
      session.halt = null;
      this.#speed = { since: performance.now(), epoch: session.epoch, value: 0 };
      this.#schedule();
    } else if (message.type === "pause") this.#playing = false;
    else if (message.type === "advance") {
      session.halt = null;
      if (message.by === "step") session.advance(session.step + 1);
      else session.advanceEpoch();
      this.#keepPath();
    } else if (message.type === "change") session.change(message.change);
    else if (message.type === "path") this.post({ type: "path", path: this.#path.map(({ parameters }) => parameters) });
    else if (message.type === "save") this.post({ type: "saved", text: saved(session) });
    else this.#frame(session, message.wants);
  }

  #load({ course, own }: Extract<ToTrainer, { type: "load" }>): void {
    this.#playing = false;
    this.#session = new Session(course, own);
    this.#painter = new Painter(this.#session);
    this.#replayTo = course.at > 0 ? course.at : -1;
    this.#path = [];
    this.#trail = [];
    this.#stride = 1;
    this.#keepPath();
    this.post({ type: "scenery", scenery: sceneryOf(this.#session) });
    this.#schedule();
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
        session.advance(this.#until, deadline);
        this.#afterwards(session);
      }
    } catch (error) {
      this.#playing = false;
      this.#replayTo = -1;
      this.post({ type: "failed", message: (error as Error).message });
    }
    this.#schedule();
  }

  #replay(session: Session, deadline: number): void {
    const before = session.step;
    const stretch = Math.ceil(this.#replayTo / TRAIL);
    do {
      const from = session.step;
      this.#leaveTrail(session);
      session.advance(Math.min(this.#replayTo, session.step + stretch), deadline);
      // What halted the run then was gone past then.
      if (session.step < this.#replayTo && session.halt?.kind === "goal") session.halt = null;
      if (session.step === from) break;
    } while (session.step < this.#replayTo && !session.halt && performance.now() < deadline);
    const reached = session.step >= this.#replayTo;
    if (reached || session.halt || session.step === before) this.#replayTo = -1;
    this.#keepPath();
  }

  /** Where a replay passes, so that the curves are whole at its end. */
  #leaveTrail(session: Session): void {
    const { step, epoch, world } = session;
    const train = scoreOf(session, world.train);
    const test = scoreOf(session, world.test);
    this.#trail.push({ step, epoch, trainLoss: train.loss, testLoss: test.loss });
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
      session.advance(Math.min(this.#until, session.step + steps), performance.now() + 4 * SLICE);
      this.#afterwards(session);
    }
    const frame = this.#pictureOf(session, this.#painter as Painter, wants);
    this.post({ type: "frame", frame }, buffersOf(frame));
  }

  #pictureOf(session: Session, painter: Painter, wants: Wants): Frame {
    const { world, net, last } = session;
    const train = scoreOf(session, world.train);
    const test = scoreOf(session, world.test);
    const trail = this.#trail;
    this.#trail = [];
    return {
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
      halt: session.halt,
      replayed: this.#replayTo < 0 ? 1 : session.step / this.#replayTo,
      speed: this.#speed.value,
      notes: notesOf(last),
    };
  }
}

/** Everything of a picture that was made for it alone. */
function buffersOf({ parameters, statistics, unitMaps, outputMap, kinks, regions }: Frame): ArrayBuffer[] {
  const arrays = [parameters, statistics, outputMap, regions?.of, ...(unitMaps ?? []).flat()];
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
