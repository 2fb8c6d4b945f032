const JSON_TYPE = 'application/json';

/**
 * Which of the media types an `Accept` header (RFC 9110, section 12.5.1) asks for by name, and no less than for JSON;
 * undefined where JSON will do.
 */
export function preferredOf(accept: string | undefined, mediaTypes: readonly string[]): string | undefined {
  if (accept === undefined) return undefined;
  const weights = new Map(accept.split(',').map(weightOf));
  const json = weights.get(JSON_TYPE) ?? 0;
  const wanted = mediaTypes
    .map((mediaType) => ({ mediaType, weight: weights.get(mediaType) ?? 0 }))
    .filter(({ weight }) => weight > 0 && weight >= json)
    .toSorted((one, other) => other.weight - one.weight);
  return wanted[0]?.mediaType;
}

function weightOf(range: string): [string, number] {
  const [mediaType = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return [mediaType, quality === undefined ? 1 : Number(quality.slice(2)) || 0];
}
