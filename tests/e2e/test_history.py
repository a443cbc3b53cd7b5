"""Drops with known changes, rejected rows and broken records among them: history, plan changes, churn and removals
are the planted ones in whatever order the drops came, and told from-to where a record cannot be read."""

import calendar
import datetime
import random

import pytest

from conftest import TITLE_FIELDS, USER_FIELDS, csv_text, title, user

DAY = datetime.timedelta(days=1)
FOREVER = "9999-12-31"
PLANS = {"Basic": "10", "Standard": "12", "Premium": "15"}
UNUSABLE_USER = [("join_date", "31-02-22"), ("monthly_revenue", "ten"), ("age", "300"), ("last_payment_date", "never")]


# The plan: what each drop lists, and which of its rows are spoiled


class Sighting:
    """What a drop holds of one user or title: a row that is sound, rejected or broken."""

    def __init__(self, attributes, plan=None, paid=None, number=None, spoiled=None):
        self.attributes, self.plan, self.paid, self.number = attributes, plan, paid, number
        self.spoiled = spoiled  # None, "rejected" (whose it is can be read) or "unread" (it cannot)


class Planted:
    """Drops by their day, each a map from a key to its sighting; a key that is missing is absent."""

    def __init__(self):
        self.drops = {}

    def days(self):
        return sorted(self.drops)

    def is_whole(self, day):
        return all(one.spoiled != "unread" for one in self.drops[day].values())

    def listed(self, day):
        return {key for key, one in self.drops[day].items() if one.spoiled != "unread"}

    def count(self, day, spoiled):
        return sum(1 for one in self.drops[day].values() if one.spoiled == spoiled)


def some_days(dice, count):
    day = datetime.date(2022, 3, 1) + DAY * dice.randrange(40)
    days = []
    for _ in range(count):
        days.append(day)
        day += DAY * dice.randrange(18, 50)
    return days


def spoil(dice, sightings, rejected, unread):
    """At most 4 % of a drop, so that the delivery is let in."""
    room = len(sightings) * 4 // 100
    chosen = dice.sample(sorted(sightings), room)
    for place, key in enumerate(chosen):
        if place < room * unread:
            sightings[key].spoiled = "unread"
        elif rejected:
            sightings[key].spoiled = "rejected"


def plan_users(dice, days, rejected, unread):
    """Users who come, go, return, grow older, change the plan, stop paying and pay again."""
    planted = Planted()
    known = {n: [dice.choice(["Male", "Female"]), dice.randrange(20, 60), dice.choice(["Spain", "Brazil"]),
                 dice.choice(list(PLANS)), None, dice.random() < 0.9] for n in range(1, 141)}
    for day in days:
        planted.drops[day] = {}
        for n, state in known.items():
            if dice.random() < 0.08:
                state[5] = not state[5]  # comes or goes
            if dice.random() < 0.1:
                state[1] += 1
            if dice.random() < 0.1:
                state[3] = dice.choice(list(PLANS))
            if state[4] is None or dice.random() < 0.85:
                state[4] = day - DAY * dice.randrange(1, 25)
            if state[5]:
                planted.drops[day][n] = Sighting(tuple(state[:3]), state[3], state[4])
        spoil(dice, planted.drops[day], rejected, unread * (dice.random() < 0.6))
    return planted


def plan_titles(dice, days, rejected, unread):
    """Titles that come, go and return, are rated anew, and are numbered anew once."""
    planted = Planted()
    known = {n: ["PG-13", dice.random() < 0.9] for n in range(1, 101)}
    renumbered = dice.choice(days[1:])
    for day in days:
        planted.drops[day] = {}
        for n, state in known.items():
            if dice.random() < 0.08:
                state[1] = not state[1]
            if dice.random() < 0.1:
                state[0] = dice.choice(["R", "PG-13", "TV-MA"])
            if state[1]:
                number = n if day < renumbered else 101 - n
                planted.drops[day][n] = Sighting((state[0],), number=number)
        spoil(dice, planted.drops[day], rejected, unread * (dice.random() < 0.6))
    return planted, renumbered


# The same as files


def lines_of(rows, fields):
    """A file of rows; a broken one has a field too many, so that nobody can say what it holds."""
    text = csv_text([row for row, _ in rows], fields).splitlines()
    return "\n".join([text[0]] + [line + ",x" * is_broken for line, (_, is_broken) in zip(text[1:], rows)]) + "\n"


def users_file(dice, sightings):
    rows = []
    for n, one in sightings.items():
        gender, age, country = one.attributes
        row = {"gender": gender, "age": age, "country": country, "subscription_type": one.plan,
               "monthly_revenue": PLANS[one.plan], "last_payment_date": one.paid.strftime("%d-%m-%y")}
        if one.spoiled == "rejected":
            row.update([dice.choice(UNUSABLE_USER)])
        # Now and then it is the number itself that cannot be read, and no structure is broken.
        nameless = one.spoiled == "unread" and dice.random() < 0.3
        rows.append((user("?" if nameless else n, **row), one.spoiled == "unread" and not nameless))
    dice.shuffle(rows)
    return lines_of(rows, USER_FIELDS)


def titles_file(dice, planted, day, renumbered):
    rows = []
    same_numbers = [other for other in planted.days() if other != day and (other < renumbered) == (day < renumbered)]
    for n, one in planted.drops[day].items():
        row = {"title": f"Film Number {n}", "rating": one.attributes[0], "description": f"It is number {n}."}
        if one.spoiled == "rejected":
            # The name tells the title, and so does the number where a sound row has it too.
            knows_number = any(
                n in planted.drops[other] and planted.drops[other][n].spoiled is None for other in same_numbers)
            row.update(title="#REF!") if knows_number and dice.random() < 0.5 else row.update(type="Play")
        rows.append((title(one.number, **row), one.spoiled == "unread"))
    dice.shuffle(rows)
    return lines_of(rows, TITLE_FIELDS)


# What follows from the plan, told by walking from drop to drop


def months_later(day, months):
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return datetime.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


class Walk:
    """Versions (key, attributes, first day, last day), plan changes and losses that a reader of the files can know."""

    def __init__(self, planted):
        self.planted = planted
        self.versions, self.plan_changes, self.losses = [], [], []
        self.last_sound, self.stays = {}, set()
        self.open, self.was_active, self.last_plan = {}, {}, {}
        for day in planted.days():
            self.step(day)
        for key, (attributes, first) in self.open.items():
            self.versions.append((key, attributes, str(first), FOREVER))
        self.versions.sort()
        self.plan_changes.sort()
        self.losses.sort()

    def step(self, day):
        drop, whole = self.planted.drops[day], self.planted.is_whole(day)
        paid = [one.paid for one in drop.values() if one.spoiled is None and one.paid]
        still_active = months_later(max(paid), -1) if paid else None
        keys = set(drop) | self.stays | set(self.open)
        for key in keys:
            one = drop.get(key)
            if one is None or one.spoiled == "unread":
                if whole:
                    self.leave(key, day)
            elif one.spoiled == "rejected":
                self.stays.add(key)
            else:
                self.see(key, day, one, still_active)

    def leave(self, key, day):
        self.stays.discard(key)
        if key in self.open:
            attributes, first = self.open.pop(key)
            self.versions.append((key, attributes, str(first), str(day - DAY)))
        if self.was_active.pop(key, False):
            self.lose(key, self.last_sound[key][1].paid, True)

    def see(self, key, day, one, still_active):
        self.stays.add(key)
        if key in self.open and self.open[key][0] != one.attributes:
            attributes, first = self.open.pop(key)
            self.versions.append((key, attributes, str(first), str(day - DAY)))
        self.open.setdefault(key, (one.attributes, day))
        if self.last_plan.get(key, one.plan) != one.plan:
            self.plan_changes.append((key, int(day.strftime("%Y%m%d")), self.last_plan[key], one.plan))
        self.last_plan[key] = one.plan
        if one.paid:
            is_active = one.paid >= still_active
            if self.was_active.get(key) and not is_active:
                self.lose(key, one.paid, False)
            self.was_active[key] = is_active
        self.last_sound[key] = (day, one)

    def lose(self, key, paid, is_gone):
        self.losses.append((key, int(months_later(paid, 1).strftime("%Y%m%d")), is_gone))


# What the program says


def told(house, statement):
    return [tuple(row.values()) for row in house.sql(statement)]


def check_users(house, planted):
    walk = Walk(planted)
    days = planted.days()
    newest = planted.drops[days[-1]]
    assert sorted((key, (gender, age, country), first, last) for key, gender, age, country, first, last in told(
        house, "select u.user_id, u.gender, u.age, c.country_name, u.valid_from, u.valid_to "
               "from dim_user as u join dim_country as c using (country_key) where u.user_key <> -1")) == walk.versions
    assert sorted(told(house, 'select u.user_id, f.date_key, f."from", f."to" from fct_plan_change as f '
                              "join dim_user as u using (user_key)")) == walk.plan_changes
    assert sorted(told(house, "select u.user_id, f.date_key, f.is_gone from fct_churn as f "
                              "join dim_user as u using (user_key)")) == walk.losses
    sound = {key for key, one in newest.items() if one.spoiled is None}
    assert {row[0] for row in told(house, "select user_id from fct_subscription join dim_user using (user_key)")} == sound
    current = dict(told(house, "select user_id, listing from dim_user where is_current"))
    assert current == {key: "listed" if key in sound else
                       "rejected" if key in newest and newest[key].spoiled == "rejected" else "uncertain"
                       for key in walk.open}
    check_months(house, walk, days, sound)
    check_range(house, planted, "fct_user_drop", "gone", "user")


def check_months(house, walk, days, sound):
    """Each user's months end with the last sound row; whether that was the last one paid is not always known."""
    told_ends = {row[0]: row[1:] for row in told(
        house, "select user_id, max(month_key), max(case when is_last_paid then month_key end), "
               "max(case when is_end_unknown then month_key end) "
               "from fct_subscription_month join dim_user using (user_key) group by user_id")}
    wanted = {}
    for key, (_, one) in walk.last_sound.items():
        month = int(one.paid.strftime("%Y%m01"))
        wanted[key] = (month, None, month) if key not in sound and key in walk.open else (month, month, None)
    assert told_ends == wanted


def check_range(house, planted, table, lost, what):
    rows = {row["drop_date"]: row for row in house.sql(f"select * from {table}")}
    before = None
    for day in planted.days():
        row = rows.pop(str(day))
        assert row[f"unknown_{what}s"] == planted.count(day, "rejected") + planted.count(day, "unread")
        assert row["unread_records"] == planted.count(day, "unread")
        least, most = row[f"{lost}_at_least"], row[f"{lost}_at_most"]
        if before is None:
            assert (least, most) == (None, None)
        else:
            left = len(planted.listed(before) - set(planted.drops[day]))
            assert least <= left <= most
            assert not planted.is_whole(day) or least == most == left
            assert most - least <= planted.count(day, "unread")
        before = day
    assert rows == {}


def check_titles(house, planted):
    walk = Walk(planted)
    assert sorted((int(name.removeprefix("Film Number ")), (rating,), first, last) for name, rating, first, last in told(
        house, "select title, maturity_rating, valid_from, valid_to from dim_title where title_key <> -1")) == walk.versions
    newest = planted.drops[planted.days()[-1]]
    sound = {f"Film Number {key}" for key, one in newest.items() if one.spoiled is None}
    assert {row[0] for row in told(house, "select title from fct_title join dim_title using (title_key)")} == sound
    check_range(house, planted, "fct_title_drop", "removed", "title")


class Deliveries:
    """A plan and its files."""

    def __init__(self, seed, drops, rejected=False, unread=0.0):
        dice = random.Random(seed)
        self.days = some_days(dice, drops)
        self.users = plan_users(dice, self.days, rejected, unread)
        self.titles, renumbered = plan_titles(dice, self.days, rejected, unread)
        self.files = {day: (users_file(dice, self.users.drops[day]),
                            titles_file(dice, self.titles, day, renumbered)) for day in self.days}

    def put(self, house, day):
        users_text, titles_text = self.files[day]
        house.lake.userbase(content=users_text, drop=str(day))
        house.lake.titles(content=titles_text, drop=str(day))

    def check(self, house):
        check_users(house, self.users)
        check_titles(house, self.titles)


SPOILED = {"clean": {}, "rejected": {"rejected": True}, "broken": {"unread": 1.0}, "both": {"rejected": True, "unread": 0.4}}


@pytest.mark.parametrize("seed, drops, kind", [(1, 2, "clean"), (2, 5, "clean"), (3, 2, "rejected"), (4, 4, "rejected"),
                                               (5, 3, "broken"), (6, 5, "broken"), (7, 4, "both"), (8, 5, "both")])
def test_what_was_planted_is_told(house, seed, drops, kind):
    deliveries = Deliveries(seed, drops, **SPOILED[kind])
    for day in deliveries.days:
        deliveries.put(house, day)
    house.run("run")
    deliveries.check(house)


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0)])
def test_the_order_in_which_drops_come_does_not_matter(house, order):
    deliveries = Deliveries(9, 3, rejected=True, unread=0.4)
    for place in order:
        deliveries.put(house, deliveries.days[place])
        house.run("run")
    deliveries.check(house)


# One spoiled record each


def second_month(house, rows=None, content=None, drop="2023-08-16"):
    house.lake.userbase(rows, drop=drop, content=content)


def paying(count=8):
    return [user(n, last_payment_date="10-08-23") for n in range(1, count + 1)]


def test_ten_impossible_dates_are_not_ten_churned_users(house):
    house.lake.titles()
    house.lake.userbase([user(n) for n in range(1, 301)])
    rows = paying(300)
    for row in rows[:10]:
        row["Join Date"] = "31-02-22"
    second_month(house, rows)
    house.run("run")
    assert house.one("select count(*) from fct_churn") == 0
    assert house.one("select count(*) from dim_user where is_current") == 300
    assert house.one("select count(*) from dim_user where listing = 'rejected'") == 10
    assert house.one("select count(*) from fct_subscription") == 290
    for measure, known in {"users": 290, "paying_users": 290}.items():
        rows, note = asked(house, measure)
        assert rows == [{measure: known}]
        assert "Of 300 users of the newest drop 10 are unknown" in note
    (row,) = house.run("metric", "unknown_users", "usable_users", "gone_at_most", "churned_at_most",
                       "--format", "json").json()
    assert row == {"unknown_users": 10, "usable_users": 290, "gone_at_most": 0, "churned_at_most": 10}


def test_lines_that_nobody_can_read_remove_no_title(house):
    house.lake.userbase()
    rows = [title(n) for n in range(1, 101)]
    house.lake.titles(rows)
    lines = csv_text(rows[:98], TITLE_FIELDS).encode().split(b"\n")
    lines[5] = lines[5][:20] + b"\xff\xfe\x00" + lines[5][20:]  # and titles 99 and 100 are removed
    house.lake.titles(content=b"\n".join(lines), drop="2022-09-25")
    house.run("run")
    assert house.one("select count(*) from dim_title where is_current") == 100
    assert house.one("select count(*) from dim_title where listing = 'uncertain'") == 3
    assert house.one("select count(*) from fct_title") == 97
    rows, note = asked(house, "titles")
    assert rows == [{"titles": 97}] and "Of 98 titles of the newest drop 1 is unknown" in note
    (row,) = house.run("metric", "unknown_titles", "removed_at_least", "removed_at_most", "--format", "json").json()
    assert row == {"unknown_titles": 1, "removed_at_least": 2, "removed_at_most": 3}


# Drops are counted as drops


def asked(house, *measures):
    done = house.run("metric", *measures, "--format", "json")
    return done.json(), done.err


def test_two_equal_drops_are_two(house):
    house.lake.titles()
    for drop in ("2023-07-16", "2023-08-16"):
        house.lake.userbase(paying(), drop=drop)
    house.run("run")
    rows, why = asked(house, "churn_rate")
    assert rows == []
    assert "there is one drop" not in why and "2 drops" in why and "2023-07-16" in why


def test_months_before_the_first_pair_of_drops_are_unknown(house):
    """Drops of July to October; user 1 pays last in July, and is not listed from September on."""
    house.lake.titles()
    for month in (7, 8, 9, 10):
        rows = [user(n, last_payment_date=f"20-{month - 1:02d}-23") for n in range(1, 11)]
        rows[0]["Last Payment Date"] = f"20-0{min(month - 1, 7)}-23"
        house.lake.userbase(rows[month > 8:], drop=f"2023-{month:02d}-21")
    house.run("run")
    rows, why = asked(house, "churn_rate", "lost_users", "unknown_retention", "--by", "month")
    assert "Unknown before 2023-08-01: Churn, Lost users" in why and "users of the newest drop" not in why
    by_month = {row["month"][:7]: (row["lost_users"], row["churn_rate"], row["unknown_retention"]) for row in rows}
    assert by_month["2023-07"] == (None, None, 10)  # who had left by the 21st was not in any drop
    assert by_month["2022-06"] == (None, None, 10)
    assert by_month["2023-08"] == (1, 0.1, 0)
    assert by_month["2023-09"] == (0, 0.0, 0)
    rows, why = asked(house, "churn_rate", "churn_rate_at_most")
    assert rows == [{"churn_rate": 0.1, "churn_rate_at_most": 0.1}] and "one drop" not in why
    rows, _ = asked(house, "cohort_users", "cohort_stay_rate", "--by", "cohort,months_since_joining")
    by_age = {row["months_since_joining"]: (row["cohort_users"], row["cohort_stay_rate"]) for row in rows}
    assert by_age[0] == (None, None) and by_age[17] == (None, None)  # January 2022, June 2023
    assert by_age[18] == (10, 0.9)  # July 2023


def test_users_who_are_unusable_are_told_beside_churn(house):
    """User 1 is gone in September, the rows of users 2 and 3 are rejected from then on."""
    house.lake.titles()
    for month in (7, 8, 9, 10):
        rows = [user(n, last_payment_date=f"20-{month - 1:02d}-23") for n in range(1, 101)]
        if month > 8:
            rows[1]["Age"] = rows[2]["Age"] = "300"
        house.lake.userbase(rows[month > 8:], drop=f"2023-{month:02d}-21")
    house.run("run")
    rows, _ = asked(house, "churn_rate", "churn_rate_at_most", "lost_users", "kept_users", "unknown_retention")
    assert rows == [{"churn_rate": 0.01, "churn_rate_at_most": 0.03, "lost_users": 1, "kept_users": 97,
                     "unknown_retention": 2}]
