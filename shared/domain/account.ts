/** `erased` is for good: nothing brings an account back. */
export type AccountStatus = 'active' | 'suspended' | 'erased';
