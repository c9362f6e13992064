import type { LimitReached } from "../errors.ts";

/** What the ledger needs of the object that counts for the whole deployment. Each call ends within seconds, or throws. */
export interface Budget {
  /** Sets a generation aside before it is sent. */
  reserve(reservation: Reservation): Promise<BudgetAnswer>;
  /** Notes how generations ended. Telling it twice, or of what never was set aside, changes nothing. */
  settle(settlements: Settlement[]): Promise<void>;
  /** @returns what is used up of today. */
  status(): Promise<BudgetStatus>;
}

/** How long a reservation is remembered: longer than anything is in flight. After that nobody needs to be told how it ended. */
export const RESERVATION_KEPT_MS = 48 * 3_600_000;

export interface Reservation {
  submissionId: string;
  /** Its price; null where nobody knows it. */
  credits: number | null;
}

export interface Settlement {
  submissionId: string;
  isCharged: boolean;
}

export type BudgetAnswer =
  | { ok: true }
  | { ok: false; kind: "limit"; reached: LimitReached }
  | { ok: false; kind: "unreachable" };

export interface BudgetStatus {
  inFlight: number;
  generations: number;
  credits: number;
}
