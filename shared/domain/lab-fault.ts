/** Message error conditions of HL7 table 0357. */
export const faultCodes = {
  segmentSequence: '100',
  requiredFieldMissing: '101',
  dataType: '102',
  tableValueNotFound: '103',
  tooLong: '104',
  other: '199',
  unsupportedMessageType: '200',
  unsupportedEvent: '201',
  unsupportedProcessingId: '202',
  unsupportedVersion: '203',
  unknownKey: '204',
  duplicateKey: '205',
  internal: '207',
} as const;
export type FaultCode = (typeof faultCodes)[keyof typeof faultCodes];

/** A place in a message. Every number counts from 1, as HL7 and people do. */
export type FaultPlace = {
  readonly segment: string;
  /** Which of the segments of that name. */
  readonly occurrence: number;
  readonly field?: number;
  readonly repetition?: number;
  readonly component?: number;
};

/** What is wrong with a message, and where. Holds nothing of the message but the names of its parts. */
export type LabFault = {
  readonly code: FaultCode;
  /** `warning`: the message was read all the same. */
  readonly severity: 'error' | 'warning';
  /** In an HL7 v2 message. */
  readonly place?: FaultPlace;
  /** In a FHIR resource or a JSON document: a FHIRPath such as `Bundle.entry[2].resource.status`. */
  readonly expression?: string;
  readonly text: string;
};
