import type { SubjectData } from './subject-table.ts';

export const homekitData: SubjectData = { schema: 'homekit', tables: {}, impersonal: {} };
