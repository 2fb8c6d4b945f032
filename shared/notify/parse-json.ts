/** Undefined for what is no JSON: the providers' texts are read by their shape. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
