import type { Usage } from "./price-list.ts";

/** How a client follows a video of 120 s that it orders, in an account that has nothing else in the making. */
const CLIENT_NAMES = ["polls", "waits", "tasks", "listens"] as const;
export type CostedClient = (typeof CLIENT_NAMES)[number];
/** Whether AceDataCloud's rings come through. */
const DOORBELLS = ["silent", "ringing"] as const;
export type Doorbell = (typeof DOORBELLS)[number];

/**
 * What `npm run bench -- --only cost` counted of each, which prints it anew. The manual's table is made of it, and the
 * benchmark holds it to that.
 */
const COSTS: Readonly<Record<CostedClient, Readonly<Record<Doorbell, Usage>>>> = {
  polls: {
    silent: {
      workerRequests: 9,
      workerCpuMs: 49,
      objectRequests: 21,
      objectGbSeconds: 16.21,
      rowsRead: 543,
      rowsWritten: 105,
    },
    ringing: {
      workerRequests: 9,
      workerCpuMs: 49,
      objectRequests: 10,
      objectGbSeconds: 15.41,
      rowsRead: 112,
      rowsWritten: 30,
    },
  },
  waits: {
    silent: {
      workerRequests: 6,
      workerCpuMs: 32,
      objectRequests: 18,
      objectGbSeconds: 16.21,
      rowsRead: 528,
      rowsWritten: 105,
    },
    ringing: {
      workerRequests: 7,
      workerCpuMs: 38,
      objectRequests: 8,
      objectGbSeconds: 15.43,
      rowsRead: 100,
      rowsWritten: 30,
    },
  },
  tasks: {
    silent: {
      workerRequests: 13,
      workerCpuMs: 70,
      objectRequests: 25,
      objectGbSeconds: 0.2,
      rowsRead: 705,
      rowsWritten: 103,
    },
    ringing: {
      workerRequests: 10,
      workerCpuMs: 54,
      objectRequests: 11,
      objectGbSeconds: 0.03,
      rowsRead: 809,
      rowsWritten: 28,
    },
  },
  listens: {
    silent: {
      workerRequests: 2,
      workerCpuMs: 11,
      objectRequests: 15,
      objectGbSeconds: 0.17,
      rowsRead: 613,
      rowsWritten: 105,
    },
    ringing: {
      workerRequests: 3,
      workerCpuMs: 16,
      objectRequests: 5,
      objectGbSeconds: 0.03,
      rowsRead: 183,
      rowsWritten: 30,
    },
  },
};

/** Every row of the manual's tables, in their order. */
export const COSTED = CLIENT_NAMES.flatMap((client) =>
  DOORBELLS.map((doorbell) => ({ client, doorbell, usage: COSTS[client][doorbell] })),
);

/** What a video leaves in the ledger, with a prompt of 500 characters. */
export const BYTES_PER_VIDEO = 2000;

/** As `TASK_RETENTION_DAYS` has it when nobody sets it. */
export const KEPT_DAYS = 90;
