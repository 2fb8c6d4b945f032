import type { DestinationStream } from 'pino';

const mostBytes = 16 * 1024;
const mostDelayMs = 100;

type Output = DestinationStream & { readonly flush: () => void };

let output: Output | undefined;

/** The process has one, whoever writes to it. */
export function standardOutput(): Output {
  return (output ??= openOutput());
}

/**
 * Lines leave together, for under load a system call each would cost more than all else of them. At exit the rest is
 * written; a reader that is gone stops nothing.
 */
function openOutput(): Output {
  let lines = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lines !== '') process.stdout.write(lines);
    lines = '';
  };
  process.stdout.on('error', () => undefined);
  process.once('exit', flush);
  return {
    write: (line) => {
      lines += line;
      if (lines.length >= mostBytes) flush();
      else timer ??= setTimeout(flush, mostDelayMs).unref();
    },
    flush,
  };
}
