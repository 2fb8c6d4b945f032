export const INTERPRETATION = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';
export const IDENTIFIER_TYPE = 'http://terminology.hl7.org/CodeSystem/v2-0203';
export const SECTION = 'http://terminology.hl7.org/CodeSystem/v2-0074';
export const OBSERVATION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
export const ABSENT_REASON = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';
/** What OBX-11 and OBR-25 said, where FHIR's status says less. */
export const RESULT_STATUS = 'http://terminology.hl7.org/CodeSystem/v2-0085';
export const REPORT_STATUS = 'http://terminology.hl7.org/CodeSystem/v2-0123';
