import { AppError } from '../../../shared/errors.ts';
import type { Container } from './service-spec.ts';

type Keyed = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What secrets and config maps hold, by name and key. */
export type Values = { secrets: Keyed; configMaps: Keyed };

/**
 * The environment of a container with its references resolved. Throws `invalid-input` with every one that leads nowhere, where
 * a cluster would leave the container waiting.
 */
export function resolveEnv(service: string, { env, envFrom }: Container, values: Values): Record<string, string> {
  const missing: string[] = [];
  const found: Record<string, string> = {};
  for (const source of envFrom) {
    const [holders, { name, optional }] =
      'secretRef' in source ? [values.secrets, source.secretRef] : [values.configMaps, source.configMapRef];
    if (!holders[name] && !optional) missing.push(name);
    for (const [key, value] of Object.entries(holders[name] ?? {})) found[`${source.prefix}${key}`] = value;
  }
  for (const variable of env) {
    const value = valueOf(variable, values);
    if (value !== undefined) found[variable.name] = value;
    else if (!isOptional(variable)) missing.push(variable.name);
  }
  if (missing.length === 0) return found;
  throw new AppError('invalid-input', `${service}: no value was given for ${missing.join(', ')}`);
}

type Variable = Container['env'][number];

function valueOf(variable: Variable, { secrets, configMaps }: Values): string | undefined {
  if ('value' in variable) return variable.value;
  const [holders, { name, key }] = reference(variable, secrets, configMaps);
  return holders[name]?.[key];
}

function isOptional(variable: Variable): boolean {
  return 'valueFrom' in variable && reference(variable, {}, {})[1].optional;
}

function reference(variable: Exclude<Variable, { value: string }>, secrets: Keyed, configMaps: Keyed) {
  return 'secretKeyRef' in variable.valueFrom
    ? ([secrets, variable.valueFrom.secretKeyRef] as const)
    : ([configMaps, variable.valueFrom.configMapKeyRef] as const);
}
