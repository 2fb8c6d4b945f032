/** Lets many wait for a condition over state that somebody else changes. */
export type Changes = {
  /** Says that the state has changed. */
  notify: () => void;
  /** Resolves when the condition holds; at once when it does already. */
  until: (condition: () => boolean) => Promise<void>;
};

export function createChanges(): Changes {
  const watchers = new Set<() => void>();
  return {
    notify: () => watchers.forEach((watcher) => watcher()),
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition()) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      }),
  };
}
