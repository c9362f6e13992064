import { Hono } from "hono";
import { z } from "zod";
import { faultSchema } from "./faults.ts";
import { viewOf } from "./task.ts";
import { jsonResponse } from "./wire.ts";
import { settingsSchema, type World } from "./world.ts";

/** Where the controls are; nothing under it is recorded or hit by faults. */
export const CONTROL_PATH = "/__simulator";

const faultsSchema = z.union([faultSchema, z.array(faultSchema)]);

/** The controls over HTTP, for tests in another process; in-process tests call the same as methods. */
export function createControl(world: World, reset: () => void): Hono {
  const app = new Hono().basePath(CONTROL_PATH);

  app.get("/requests", () => jsonResponse(world.requests));
  app.delete("/requests", () => {
    world.requests = [];
    world.unexpected = [];
    return done();
  });
  app.get("/unexpected", () => jsonResponse(world.unexpected));
  app.get("/callbacks", () => jsonResponse(world.callbacks));
  app.get("/tasks", () => jsonResponse(world.tasks.map((task) => viewOf(task, world.now()))));

  app.post("/faults", async ({ req }) => {
    const faults = faultsSchema.safeParse(await readJson(req.raw));
    if (!faults.success) return complain(faults.error);
    for (const fault of [faults.data].flat()) world.faults.add(fault);
    return done();
  });
  app.delete("/faults", () => {
    world.faults.clear();
    return done();
  });

  app.get("/settings", () => jsonResponse(world.settings));
  app.post("/settings", async ({ req }) => {
    const settings = settingsSchema.safeParse(await readJson(req.raw));
    if (!settings.success) return complain(settings.error);
    world.settings = { ...world.settings, ...settings.data };
    return jsonResponse(world.settings);
  });

  app.post("/reset", () => {
    reset();
    return done();
  });
  app.notFound(() => jsonResponse({ error: "the simulator has no such control" }, 404));
  return app;
}

function done(): Response {
  return new Response(null, { status: 204 });
}

function complain(error: z.ZodError): Response {
  return jsonResponse({ error: z.prettifyError(error) }, 400);
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    return undefined;
  }
}
