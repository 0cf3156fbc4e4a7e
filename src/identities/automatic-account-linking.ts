import type { EntityManager } from 'typeorm';

/** Injection token of {@link AutomaticAccountLinking}. */
export const AUTOMATIC_ACCOUNT_LINKING = Symbol('latchkey:automatic-account-linking');

/**
 * Whether an unknown account is joined to the user who has its address. Asked inside the transaction of a sign-in: what
 * reads the database has to do so by the given manager.
 */
export type AutomaticAccountLinking = (manager: EntityManager) => Promise<boolean>;

export const noAutomaticAccountLinking: AutomaticAccountLinking = () => Promise.resolve(false);
