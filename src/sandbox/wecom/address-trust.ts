/** Whether the address of the application's server is among those that WeCom takes API calls from. */
export class AddressTrust {
  private trusted = true;

  isTrusted(): boolean {
    return this.trusted;
  }

  set(trusted: boolean): void {
    this.trusted = trusted;
  }
}
