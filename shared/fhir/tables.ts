/** FHIR R4 value sets that are taken in whole. */
export const observationStatuses = [
  'registered',
  'preliminary',
  'final',
  'amended',
  'corrected',
  'cancelled',
  'entered-in-error',
  'unknown',
] as const;

export const reportStatuses = [...observationStatuses, 'partial', 'appended'] as const;

export const sexes = ['male', 'female', 'other', 'unknown'] as const;
