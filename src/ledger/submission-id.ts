/** @returns a new id of ours: 128 random bits, so that nobody guesses another one's. */
export function newSubmissionId(): string {
  return `sub_${crypto.randomUUID().replaceAll("-", "")}`;
}

export const isSubmissionId = (id: string): boolean => /^sub_[0-9a-f]{32}$/.test(id);
