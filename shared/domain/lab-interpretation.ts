/** What HL7 table 0078 calls panic limits (HH, LL) and very abnormal (AA): a clinician has to know at once. */
const critical: ReadonlySet<string> = new Set(['HH', 'LL', 'AA']);

export function isCriticalCode(code: string): boolean {
  return critical.has(code);
}
