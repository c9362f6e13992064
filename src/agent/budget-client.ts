import type { Budget } from "../ledger/budget.ts";
import { errorName, type Log } from "../log.ts";
import type { DeploymentBudget } from "./deployment-budget.ts";

/** As long as the runtime itself goes on trying. An order waits for this, and so does a round of the alarm. */
const MAX_ANSWER_MS = 10_000;

/**
 * The deployment's one budget, as an account reaches it. Every call ends in 10 s: what cannot be reached by then is
 * written to the log and thrown.
 */
export function reachBudget(namespace: DurableObjectNamespace<DeploymentBudget>, log: Log): Budget {
  const ask = async <T>(question: (budget: Budget) => Promise<T>): Promise<T> => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    // Not `AbortSignal.timeout`: its timer would go on after the answer, and keep the object in memory.
    const timer = setTimeout(
      () => reject(new DOMException("The budget did not answer", "TimeoutError")),
      MAX_ANSWER_MS,
    );
    try {
      // A new stub each time: one whose object died (a deploy is enough) fails for ever after.
      return await Promise.race([question(namespace.getByName("deployment")), late]);
    } catch (error) {
      log("error", "budget_unreachable", { error: errorName(error) });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    reserve: (reservation) => ask((budget) => budget.reserve(reservation)),
    settle: (settlements) => ask((budget) => budget.settle(settlements)),
    status: () => ask((budget) => budget.status()),
  };
}
