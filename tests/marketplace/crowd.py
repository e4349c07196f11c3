"""Investors as programs: each reviews a pledge, waits for the word, and confirms; whoever came too late takes what is left.

Runs in processes of its own without Django (`python -m tests.marketplace.crowd`): one line of JSON in, "ready" out, "go" in, one line of JSON out.
"""

import http.client
import json
import re
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore
from urllib.parse import urlencode

HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')
AMOUNT = re.compile(r"[\d,]+\.\d\d")
METER = re.compile(r"<desc[^>]*>([^<]*)</desc>")


class Investor:
    """One browser: keeps its cookies, fills in the forms it is shown, and writes down every answer."""

    def __init__(self, order: dict[str, str], session: str, units: int) -> None:
        self.url, self.path, self.rate, self.units = order["url"], order["path"], order["rate"], units
        self.token = secrets.token_hex(16)
        self.cookies = {"sessionid": session, "csrftoken": self.token}
        self.answers: list[tuple[str, int]] = []
        self.receipts: list[tuple[str, int]] = []

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """(status, body, where it leads)."""
        connection = http.client.HTTPConnection(self.url, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Connection": "close"}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body=urlencode(fields) if fields is not None else None, headers=headers)
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self.cookies[cookie] = content
        body = answer.read().decode()
        connection.close()
        self.answers.append((method, answer.status))
        return answer.status, body, answer.headers.get("Location", "")

    def review(self) -> dict[str, str] | None:
        """The form of the confirm page; None when the listing is closed to this investor."""
        fields = {"csrfmiddlewaretoken": self.token, "idempotency_key": secrets.token_hex(16), "seen_rate": self.rate, "risk": "on"}
        status, body, _ = self.ask("POST", f"{self.path}pledge/", fields | {"amount": f"{self.units * 100}"})
        if status == 200:
            return dict(HIDDEN.findall(body))
        self.units = min(self.units, left(body)) if status == 422 else 0
        return self.review() if self.units else None

    def confirm(self, form: dict[str, str]) -> None:
        """Confirm; refused, take what is left, until there is nothing or the listing is gone. A careless one clicks twice."""
        status, body, receipt = self.ask("POST", f"{self.path}pledge/", form)
        if status == 302:
            self.receipts.append((receipt, self.units))
            if self.units % 2:
                again = self.ask("POST", f"{self.path}pledge/", form)
                assert again[::2] == (302, receipt), again[0]
            return
        self.units = min(self.units, left(body)) if status == 422 else 0
        if self.units and (following := self.review()):
            self.confirm(following)


def left(page: str) -> int:
    """Whole units still open, from the two amounts of the progress meter."""
    funded, target = sorted(float(amount.replace(",", "")) for amount in AMOUNT.findall(METER.findall(page)[0])[:2])
    return int(target - funded) // 100


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    order = json.loads(sys.stdin.readline())
    investors = [Investor(order, session, units) for session, units in order["investors"]]
    go, ready = Event(), Semaphore(0)

    def one(investor: Investor) -> None:
        form = investor.review()
        ready.release()
        go.wait()
        if form:
            investor.confirm(form)

    with ThreadPoolExecutor(len(investors)) as pool:
        running = [pool.submit(one, investor) for investor in investors]
        for _ in investors:
            ready.acquire()
        tell("ready")
        sys.stdin.readline()
        go.set()
    for each in running:
        each.result()
    tell(json.dumps([{"answers": investor.answers, "receipts": investor.receipts} for investor in investors]))


if __name__ == "__main__":
    main()
