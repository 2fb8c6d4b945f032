/** Whether its comma may part thousands as well as decimals: `1,234` may be either, `0,123` and `1234,567` may not. */
export function isAmbiguous(written = ''): boolean {
  return /^[+-]?[1-9]\d{0,2},\d{3}$/.test(written);
}
