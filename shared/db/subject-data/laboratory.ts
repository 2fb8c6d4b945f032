import type { SubjectData } from './subject-table.ts';

export const laboratoryData: SubjectData = { schema: 'laboratory', tables: {}, impersonal: {} };
