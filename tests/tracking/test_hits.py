"""Hits in memory: kept in their order, written together, never twice, and never more than there is room for."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from tests.factories.tracking import make_message
from tests.tracking.hits import count_now
from wagtail_precise_mail.tracking import waiting_hits
from wagtail_precise_mail.tracking.hit_pages import HitPage, call_for_counting, waiting_pages, write_page
from wagtail_precise_mail.tracking.hits import PAGE_SIZE, Hit, HitBuffer
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.waiting_hits import count_waiting_hits

AT = datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp()
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def hit(message_id: int = 7, *, seconds: float = 0, **more: object) -> Hit:
    return Hit(**{"kind": "open", "message_id": message_id, "moment": AT + seconds, "user_agent": BROWSER, **more})


class Paper:
    """Where a buffer writes; away as long as it is told."""

    def __init__(self) -> None:
        self.pages: list[tuple[uuid.UUID, list[Hit]]] = []
        self.is_away = False

    def write(self, key: uuid.UUID, hits: Sequence[Hit]) -> None:
        self.pages.append((key, list(hits)))
        if self.is_away:
            raise OperationalError("away")


@pytest.fixture
def paper() -> Paper:
    return Paper()


def make_buffer(paper: Paper, **more: int) -> HitBuffer:
    buffer = HitBuffer(paper.write, after_writing=lambda: None, **more)
    buffer.start = lambda: None  # type: ignore[method-assign]
    return buffer


class TestBuffer:
    def test_hits_are_written_together_and_in_their_order(self, paper: Paper) -> None:
        buffer = make_buffer(paper)
        for number in range(30):
            buffer.add(hit(number))
        assert buffer.flush() == 30
        [(_key, hits)] = paper.pages
        assert [one.message_id for one in hits] == list(range(30))
        assert (len(buffer), buffer.flush()) == (0, 0)

    def test_many_are_written_in_pages(self, paper: Paper) -> None:
        buffer = make_buffer(paper)
        for number in range(PAGE_SIZE + 1):
            buffer.add(hit(number))
        buffer.flush()
        assert [len(hits) for _key, hits in paper.pages] == [PAGE_SIZE, 1]

    def test_what_could_not_be_written_is_written_again_under_the_same_key(self, paper: Paper) -> None:
        buffer = make_buffer(paper)
        buffer.add(hit(1))
        paper.is_away = True
        with pytest.raises(OperationalError):
            buffer.flush()
        buffer.add(hit(2))
        paper.is_away = False
        assert buffer.flush() == 2
        keys = [key for key, _hits in paper.pages]
        assert keys[0] == keys[1] != keys[2]
        assert [one.message_id for _key, hits in paper.pages[1:] for one in hits] == [1, 2]

    def test_the_first_stay_when_there_is_no_more_room_and_the_rest_is_told(
        self, paper: Paper, caplog: pytest.LogCaptureFixture
    ) -> None:
        buffer = make_buffer(paper, limit=3)
        for number in range(5):
            buffer.add(hit(number))
        with caplog.at_level(logging.ERROR):
            assert buffer.flush() == 3
        assert [one.message_id for one in paper.pages[0][1]] == [0, 1, 2]
        assert "2 opens and clicks were dropped" in caplog.text

    def test_a_forked_process_leaves_the_hits_to_its_parent(self, paper: Paper) -> None:
        buffer = make_buffer(paper)
        buffer.add(hit())
        buffer.forget()
        assert buffer.flush() == 0

    def test_each_is_written_at_once_where_there_are_no_threads(self, paper: Paper, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"hit_buffer_seconds": 0}
        make_buffer(paper).add(hit())
        assert len(paper.pages) == 1


class TestThread:
    def test_it_writes_by_itself_and_calls_for_counting(self, paper: Paper, settings: Any) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"hit_count_seconds": 0}
        called = threading.Event()
        buffer = HitBuffer(paper.write, after_writing=called.set)
        for number in range(5):
            buffer.add(hit(number))
        assert called.wait(30)
        assert [one.message_id for _key, hits in paper.pages for one in hits] == [0, 1, 2, 3, 4]

    @pytest.mark.slow
    def test_it_goes_on_after_a_database_that_was_away(self, paper: Paper) -> None:
        paper.is_away = True
        buffer = HitBuffer(paper.write, after_writing=lambda: None)
        buffer.add(hit())
        until = time.monotonic() + 60
        while not paper.pages:
            assert time.monotonic() < until
            time.sleep(0.1)
        paper.is_away = False
        while len(buffer):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert len({key for key, _hits in paper.pages}) == 1


@pytest.mark.django_db
class TestPages:
    def test_a_page_that_is_written_twice_counts_once(self) -> None:
        key = uuid.uuid4()
        for _time in range(2):
            write_page(key, [hit()])
        assert HitPage.objects.count() == 1

    def test_a_page_that_is_written_once_more_after_it_was_counted_counts_once(self) -> None:
        key, message = uuid.uuid4(), make_message()
        for _time in range(2):
            write_page(key, [hit(message.pk, kind="click", url="https://x.example/", link_index=0)])
            count_waiting_hits()
        assert MessageEvent.objects.count() == 1

    def test_pages_that_were_counted_are_forgotten_after_some_minutes(self) -> None:
        with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
            for _time in range(3):
                write_page(uuid.uuid4(), [hit()])
                count_waiting_hits()
                clock.shift(660)
        assert HitPage.objects.count() == 1

    def test_hits_of_several_processes_are_counted_in_the_order_in_which_they_happened(self) -> None:
        message = make_message()
        write_page(uuid.uuid4(), [hit(message.pk, seconds=200), hit(message.pk, seconds=600)])
        write_page(uuid.uuid4(), [hit(message.pk, seconds=0), hit(message.pk, seconds=400)])
        assert count_waiting_hits() == 4
        moments = [event.happened_at.timestamp() - AT for event in MessageEvent.objects.order_by("pk")]
        assert moments == [0, 200, 400, 600]
        assert set(HitPage.objects.values_list("hits", "hit_count")) == {("", 0)}, "nothing of them stays"

    def test_many_pages_are_counted_in_pieces(self) -> None:
        message = make_message()
        for number in range(250):
            write_page(uuid.uuid4(), [hit(message.pk, seconds=number * 61)])
        assert count_waiting_hits() == 250
        assert MessageEvent.objects.count() == 200, "the most of one message"

    def test_counting_costs_the_same_for_few_and_for_many(self) -> None:
        costs = []
        for messages in (2, 60):
            write_page(uuid.uuid4(), [hit(make_message().pk) for _number in range(messages)])
            with CaptureQueriesContext(connection) as queries:
                assert count_waiting_hits() == messages
            told = [query["sql"] for query in queries.captured_queries]
            costs.append(len([sql for sql in told if sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]))
        assert costs[0] == costs[1] <= 11

    def test_a_run_that_breaks_off_keeps_everything_for_the_next(self, monkeypatch: pytest.MonkeyPatch) -> None:
        message = make_message()
        write_page(uuid.uuid4(), [hit(message.pk)])

        def cut_off(pages: object) -> None:
            raise OperationalError("gone")

        with monkeypatch.context() as broken:
            broken.setattr(waiting_hits, "end_pages", cut_off)
            with pytest.raises(OperationalError):
                count_waiting_hits()
        assert (MessageEvent.objects.count(), waiting_pages().count()) == (0, 1)
        assert (count_waiting_hits(), count_waiting_hits()) == (1, 0)
        assert MessageEvent.objects.count() == 1

    def test_one_hit_that_cannot_be_counted_stops_no_others(self, caplog: pytest.LogCaptureFixture) -> None:
        messages = [make_message() for _number in range(3)]
        bad = hit(messages[1].pk, kind="no such kind")
        write_page(uuid.uuid4(), [hit(messages[0].pk), bad, hit(messages[2].pk)])
        with caplog.at_level(logging.ERROR):
            assert count_waiting_hits() == 3
        assert MessageEvent.objects.count() == 2
        assert f"A hit of message {messages[1].pk} cannot be counted" in caplog.text

    def test_who_says_no_before_it_is_counted_leaves_no_event(self) -> None:
        message = make_message()
        write_page(uuid.uuid4(), [hit(message.pk)])
        message.contact.is_tracking_allowed = False
        message.contact.save()
        assert count_waiting_hits() == 1
        assert not MessageEvent.objects.exists()

    def test_what_a_newer_version_wrote_besides_is_passed_over(self) -> None:
        message = make_message()
        write_page(uuid.uuid4(), [hit(message.pk)])
        page = HitPage.objects.get()
        page.hits = json.dumps([{**json.loads(page.hits)[0], "country": "DE"}])
        page.save()
        assert count_now() == 1
        assert MessageEvent.objects.count() == 1


@pytest.mark.django_db
class TestCalling:
    def test_a_worker_is_called_after_writing(self, django_capture_on_commit_callbacks: Any) -> None:
        write_page(uuid.uuid4(), [hit()])
        with django_capture_on_commit_callbacks(execute=True):
            call_for_counting()
        assert OrmQ.objects.count() == 1

    def test_nobody_calls_workers_that_do_not_hear(self, django_capture_on_commit_callbacks: Any) -> None:
        with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
            write_page(uuid.uuid4(), [hit()])
            clock.shift(31)
            with django_capture_on_commit_callbacks(execute=True):
                call_for_counting()
        assert OrmQ.objects.count() == 0
