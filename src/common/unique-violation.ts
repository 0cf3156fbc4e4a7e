import { QueryFailedError } from 'typeorm';

const CODES = new Set(['23505', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY']);

/** Whether a write failed because another one with the same key came first. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof QueryFailedError && CODES.has((error.driverError as { code?: string }).code ?? '');
