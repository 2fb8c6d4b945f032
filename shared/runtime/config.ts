import type { Environment } from './function.ts';

/** How one variable is read: `read` answers the value, or says what is wrong and how to mend it. */
export type Setting<Value> = {
  readonly fallback?: Value;
  readonly read: (raw: string) => Reading<Value>;
};

export type Settings = Readonly<Record<string, Setting<unknown>>>;

type Reading<Value> = { readonly value: Value } | { readonly fault: string };
type Config<S extends Settings> = { readonly [Name in keyof S]: S[Name] extends Setting<infer Value> ? Value : never };
type Default<Value> = { readonly default?: Value };

/** Tells every fault of the environment at once; names variables, never their values. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(`The environment is not complete:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Reads the variables a function needs. Throws `ConfigError`. An empty variable counts as not set. */
export function readConfig<S extends Settings>(environment: Environment, settings: S): Config<S> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const reading = readOne(environment[name], setting);
    if ('fault' in reading) faults.push(`${name} ${reading.fault}`);
    else values[name] = reading.value;
  }
  if (faults.length > 0) throw new ConfigError(faults);
  // Each name was read by its own setting; the type system cannot follow that through the loop.
  return values as Config<S>;
}

function readOne(raw: string | undefined, setting: Setting<unknown>): Reading<unknown> {
  if (raw !== undefined && raw !== '') return setting.read(raw);
  if ('fallback' in setting) return { value: setting.fallback };
  return { fault: 'is not set: it has no default, so set it' };
}

export function text({ default: fallback }: Default<string> = {}): Setting<string> {
  return { ...withFallback(fallback), read: (raw) => ({ value: raw }) };
}

/** A variable that may be left out. */
export function optional<Value>(setting: Setting<Value>): Setting<Value | undefined> {
  return { ...setting, fallback: undefined };
}

export function integer({
  default: fallback,
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
}: Default<number> & { readonly min?: number; readonly max?: number } = {}): Setting<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  const fault = `is not a whole number in range: give ${range}, in digits`;
  return {
    ...withFallback(fallback),
    read: (raw) => {
      const value = /^-?\d{1,16}$/.test(raw) ? Number(raw) : Number.NaN;
      return value >= min && value <= max ? { value } : { fault };
    },
  };
}

/** Looser than the URL standard, which has no list of hosts as in `kafka://one:9092,two:9092`. */
const urlFormat = /^([a-z][a-z\d+.-]*):\/\/[^\s/]\S*$/i;

/** A URL of one of the schemes (without the colon), or of any. */
export function url({
  default: fallback,
  schemes,
}: Default<string> & { readonly schemes?: readonly string[] } = {}): Setting<string> {
  const fault = `is not a URL: give one that starts with ${(schemes ?? ['a scheme']).map((s) => `${s}://`).join(' or ')}`;
  return {
    ...withFallback(fallback),
    read: (raw) => {
      const scheme = urlFormat.exec(raw)?.[1]?.toLowerCase();
      const known = scheme !== undefined && (schemes === undefined || schemes.includes(scheme));
      return known ? { value: raw } : { fault };
    },
  };
}

/** Where events are kept, as `openEventLog` reads it. */
export function eventLogUrl(): Setting<string> {
  return url({ schemes: ['kafka', 'kafka+ssl', 'postgres', 'postgresql'] });
}

export function oneOf<const Choice extends string>(
  choices: readonly Choice[],
  { default: fallback }: Default<NoInfer<Choice>> = {},
): Setting<Choice> {
  return {
    ...withFallback(fallback),
    read: (raw) => {
      const value = choices.find((choice) => choice === raw);
      return value === undefined ? { fault: `is none of its choices: give ${choices.join(' or ')}` } : { value };
    },
  };
}

function withFallback<Value>(fallback: Value | undefined): { readonly fallback?: Value } {
  return fallback === undefined ? {} : { fallback };
}
