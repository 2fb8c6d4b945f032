/** One thing that has to hold, of how many it was looked at, and where it does not. */
export type Check = { readonly what: string; readonly examined: number; readonly differences: readonly string[] };

/** Goes on over all items; `differ` says what is wrong with one. */
export function checkAll<Item>(
  what: string,
  items: Iterable<Item>,
  differ: (item: Item) => string | readonly string[] | undefined,
): Check {
  const differences: string[] = [];
  let examined = 0;
  for (const item of items) {
    examined += 1;
    const found = differ(item);
    if (found !== undefined) differences.push(...[found].flat());
  }
  return { what, examined, differences };
}

const SHOWN = 10;

export function linesOf({ what, examined, differences }: Check): string[] {
  const mark = differences.length === 0 ? 'holds' : 'FAILS';
  const rest = differences.length - SHOWN;
  return [
    `${mark}  ${String(examined).padStart(7)}  ${what}`,
    ...differences.slice(0, SHOWN).map((difference) => `         ${difference}`),
    ...(rest > 0 ? [`         and ${rest} more`] : []),
  ];
}

/** Every difference of every check; none where all hold. */
export function listDifferences(checks: readonly Check[]): string[] {
  return checks.flatMap(({ what, differences }) => differences.map((difference) => `${what}: ${difference}`));
}
