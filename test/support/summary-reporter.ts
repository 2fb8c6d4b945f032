import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run with its counts on a line of their own, for whoever reads the output by machine. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const count = (state: string) => states.filter((each) => each === state).length;
    // A file that cannot be loaded, or a hook that fails, leaves no failed test behind, yet the run has failed.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter((suite) => suite.errors().length > 0).length + unhandledErrors.length;
    const skipped = count('skipped') + count('pending');
    const counts = [`${count('passed')} passed`, `${count('failed') + broken} failed`];
    if (skipped > 0) counts.push(`${skipped} skipped`);
    process.stdout.write(`\n${counts.join(', ')}\n`);
  }
}
