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
      workerCpuMs: 35.55,
      objectRequests: 21,
      objectGbSeconds: 16.24,
      rowsRead: 659,
      rowsWritten: 108,
    },
    ringing: {
      workerRequests: 9,
      workerCpuMs: 35.55,
      objectRequests: 10,
      objectGbSeconds: 15.37,
      rowsRead: 143,
      rowsWritten: 33,
    },
  },
  waits: {
    silent: {
      workerRequests: 6,
      workerCpuMs: 23.7,
      objectRequests: 18,
      objectGbSeconds: 16.25,
      rowsRead: 644,
      rowsWritten: 108,
    },
    ringing: {
      workerRequests: 7,
      workerCpuMs: 27.65,
      objectRequests: 8,
      objectGbSeconds: 15.37,
      rowsRead: 131,
      rowsWritten: 33,
    },
  },
  tasks: {
    silent: {
      workerRequests: 13,
      workerCpuMs: 51.35,
      objectRequests: 25,
      objectGbSeconds: 0.03,
      rowsRead: 812,
      rowsWritten: 104,
    },
    ringing: {
      workerRequests: 10,
      workerCpuMs: 39.5,
      objectRequests: 11,
      objectGbSeconds: 0.01,
      rowsRead: 855,
      rowsWritten: 29,
    },
  },
  listens: {
    silent: {
      workerRequests: 2,
      workerCpuMs: 7.9,
      objectRequests: 15,
      objectGbSeconds: 0.03,
      rowsRead: 720,
      rowsWritten: 106,
    },
    ringing: {
      workerRequests: 3,
      workerCpuMs: 11.85,
      objectRequests: 5.05,
      objectGbSeconds: 0,
      rowsRead: 205,
      rowsWritten: 31,
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
