"""Groups: joining, leaving, publishing, slow and dead members. On both platforms."""

import asyncio

from microdot.broadcast import BATCH, Group


class Member:
    def __init__(self, takes=True):
        self.takes = takes
        self.received = []
        self.aborted = False
        self.closed = False

    def post(self, data, **fields):
        if self.takes:
            self.received.append((data, fields))
        return self.takes

    def abort(self):
        self.aborted = True


def run(coro):
    return asyncio.run(coro)


def test_what_is_published_reaches_every_member():
    group = Group()
    members = [Member(), Member()]
    for member in members:
        group.join(member)
        group.join(member)
    assert len(group) == 2
    assert run(group.publish("hello", event="chat")) == 2
    assert [member.received for member in members] == [[("hello", {"event": "chat"})]] * 2


def test_who_has_left_receives_nothing():
    group = Group()
    member = Member()
    group.join(member)
    group.leave(member)
    group.leave(member)
    assert run(group.publish("hello")) == 0
    assert member.received == []
    assert member not in group


def test_a_member_within_a_block():
    group = Group()
    member = Member()
    try:
        with group.member(member) as same:
            assert same is member
            assert member in group
            raise ValueError
    except ValueError:
        pass
    assert member not in group


def test_dictionaries_and_lists_become_json_once():
    group = Group()
    member = Member()
    group.join(member)
    run(group.publish({"a": 1}))
    run(group.publish([1, 2]))
    run(group.publish(b"\x00"))
    assert [data for data, _ in member.received] == ['{"a": 1}', "[1, 2]", b"\x00"]


def test_who_cannot_take_a_message_is_dropped_and_cut():
    group = Group()
    slow, quick = Member(False), Member()
    group.join(slow)
    group.join(quick)
    assert run(group.publish("hello")) == 1
    assert slow.aborted
    assert slow not in group
    assert not quick.aborted
    assert run(group.publish("again")) == 1


def test_slow_members_may_stay_but_dead_ones_do_not():
    group = Group(skip_slow=True)
    slow, dead = Member(False), Member(False)
    dead.closed = True
    group.join(slow)
    group.join(dead)
    assert run(group.publish("hello")) == 0
    assert slow in group
    assert not slow.aborted
    assert dead not in group


def test_other_tasks_get_their_turn_while_many_are_served():
    group = Group()
    members = [Member() for _ in range(BATCH + 10)]
    turns = []

    async def other():
        turns.append(len([member for member in members if member.received]))
        group.leave(members[-1])
        # The order of members is not kept on MicroPython.
        turns.append(bool(members[-1].received))

    async def main():
        for member in members:
            group.join(member)
        task = asyncio.create_task(other())
        taken = await group.publish("hello")
        await task
        return taken

    taken = run(main())
    assert turns[0] == BATCH
    assert taken == BATCH + (10 if turns[1] else 9)


def test_what_cannot_receive_is_no_member():
    try:
        Group().join(object())
    except TypeError as error:
        assert "post(data, **fields)" in str(error)
    else:
        raise AssertionError("not raised")
