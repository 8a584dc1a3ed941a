import { plainly } from "../model/plainly.ts";
import type { FromReferee, Lane, RaceBy, Standing, ToReferee } from "../model/protocol.ts";
import { Session } from "./session.ts";

const SLICE = 7;
/** Points kept of a lane; every second goes when there are more. */
const MOST_POINTS = 400;

interface Runner {
  readonly session: Session;
  standing: { steps: number[]; evaluations: number[]; seconds: number[]; loss: number[]; halt: string | null };
  seconds: number;
  stride: number;
  epochs: number;
}

/**
 * Lets methods race from the same start: whoever is behind, by the measure that was chosen, goes
 * next.
 */
export class Referee {
  #runners: Runner[] = [];
  #by: RaceBy = "steps";
  #epochs = 0;
  #race = 0;
  readonly #channel = new MessageChannel();

  constructor(readonly post: (message: FromReferee) => void) {
    this.#channel.port1.onmessage = ({ data }) => this.#tick(data as number);
  }

  take(message: ToReferee): void {
    ++this.#race;
    if (message.type === "stop") return;
    try {
      const { start, own, lanes, epochs, by } = message;
      this.#by = by;
      this.#epochs = epochs;
      this.#runners = lanes.map((lane: Lane) =>
        runnerOf(new Session({ start: { ...start, ...lane.settings }, log: [] }, own)),
      );
      for (const runner of this.#runners) note(runner);
      this.#channel.port2.postMessage(this.#race);
    } catch (error) {
      this.post({ type: "failed", message: plainly(error, "These settings cannot be raced with") });
    }
  }

  #tick(race: number): void {
    if (race !== this.#race) return;
    const deadline = performance.now() + 4 * SLICE;
    let next = this.#behind();
    while (next && performance.now() < deadline) {
      this.#run(next);
      next = this.#behind();
    }
    const standings: Standing[] = this.#runners.map(({ standing }) => standing);
    this.post({ type: "standings", standings, over: !next });
    if (next) this.#channel.port2.postMessage(race);
  }

  #behind(): Runner | undefined {
    const going = this.#runners.filter((runner) => runner.epochs < this.#epochs && !runner.standing.halt);
    const measure = ({ session, seconds }: Runner): number =>
      this.#by === "steps" ? session.step : this.#by === "evaluations" ? session.evaluations : seconds;
    return going.sort((a, b) => measure(a) - measure(b))[0];
  }

  /** An epoch, or as much of it as a slice of time allows. */
  #run(runner: Runner): void {
    const { session } = runner;
    const began = performance.now();
    const end = Math.floor(session.step / session.stepsPerEpoch + 1) * session.stepsPerEpoch;
    try {
      session.advance(end, began + SLICE);
    } catch (error) {
      runner.standing.halt = plainly(error, "It cannot train with these settings");
    }
    runner.seconds += (performance.now() - began) / 1000;
    if (session.halt) runner.standing.halt = session.halt.message;
    if (session.step >= end) {
      ++runner.epochs;
      if (runner.epochs % runner.stride === 0) note(runner);
    }
  }
}

function runnerOf(session: Session): Runner {
  return {
    session,
    standing: { steps: [], evaluations: [], seconds: [], loss: [], halt: null },
    seconds: 0,
    stride: 1,
    epochs: 0,
  };
}

function note(runner: Runner): void {
  const { session, standing, seconds } = runner;
  standing.steps.push(session.step);
  standing.evaluations.push(session.evaluations);
  standing.seconds.push(seconds);
  standing.loss.push(session.net.evaluate(session.world.train).loss);
  if (standing.loss.length <= MOST_POINTS) return;
  runner.stride *= 2;
  const even = (values: number[]): number[] => values.filter((_, index) => index % 2 === 0);
  runner.standing = {
    ...standing,
    steps: even(standing.steps),
    evaluations: even(standing.evaluations),
    seconds: even(standing.seconds),
    loss: even(standing.loss),
  };
}
