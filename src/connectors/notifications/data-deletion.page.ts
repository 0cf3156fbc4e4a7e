/** What has become of a request to delete somebody's data. */
export interface DataDeletionStatus {
  readonly confirmationCode: string;
  /** For people. */
  readonly connectorName: string;
  /** Seconds since the epoch. */
  readonly completedAt: number;
}

/** Shows it to people. Without one, everybody gets JSON. */
export abstract class DataDeletionPage {
  abstract render(status: DataDeletionStatus): string;
}
