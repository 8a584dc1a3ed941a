import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type Answers, refusal } from "./answers.js";

/** A server that answers requests by a model; bodies of more than `limit` bytes are refused. */
export function serverOf(answers: Answers, limit: number): Server {
  return createAdaptorServer({ fetch: appOf(answers, limit).fetch }) as Server;
}

function appOf(answers: Answers, limit: number): Hono {
  const app = new Hono();
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.get("/schema", (c) => c.json(answers.schema));
  const tooLarge = (c: Context): Response => refuse(c, 413, `expected a body of at most ${limit} bytes`);
  const counted = bodyLimit({ maxSize: limit, onError: tooLarge });
  app.post("/predict", (c, next) => {
    const length = c.req.header("content-length");
    // Bodies with a stated length need no counting.
    if (length === undefined) return counted(c, next);
    return Number(length) > limit ? Promise.resolve(tooLarge(c)) : next();
  });
  app.post("/predict", (c) => predicted(c, answers));
  app.all("/predict", (c) => refuse(c, 405, "expected POST", { allow: "POST" }));
  app.notFound((c) => refuse(c, 404, "expected POST /predict, GET /schema or GET /health"));
  app.onError((error, c) => {
    const said = refusal(error);
    return said === null ? refuse(c, 500, "an internal error of the server") : refuse(c, 400, said);
  });
  return app;
}

async function predicted(c: Context, answers: Answers): Promise<Response> {
  const type = (c.req.header("content-type") ?? "application/json").split(";")[0].trim().toLowerCase();
  const packed = c.req.header("content-encoding");
  if (packed !== undefined && packed !== "identity") return refuse(c, 415, "expected a body that is not compressed");
  const asked = { probabilities: isSet(c.req.query("probabilities")) };
  if (type === "application/json") return c.json(answers.json(await c.req.text(), asked));
  if (type !== "text/csv") return refuse(c, 415, "expected content of type application/json or text/csv");
  return c.body(await answers.csv(await c.req.text(), asked), 200, { "content-type": "text/csv; charset=utf-8" });
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && !["false", "0", "no"].includes(text);
}

function refuse(c: Context, status: 400 | 404 | 405 | 413 | 415 | 500, error: string, headers = {}): Response {
  return c.json({ error }, status, headers);
}
