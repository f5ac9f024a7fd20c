"""Safeguards of grade exports: each can be taken out, and a test that is named here fails then."""

from __future__ import annotations

from tests.detections import E2E, Detection

GRADES = f"{E2E}/test_grade_exports.py"
TABLES = f"{E2E}/test_grades_sql_cut_off.py"
SQL = f"{E2E}/test_grades_sql.py"
HTTP = f"{E2E}/test_grades_http.py"
BACK = f"{E2E}/test_grades_taken_back.py"
PURE_GRADES = "tests/core/test_grades.py"
OF_GRADES = (
    Detection(
        "grades: not before marking ends",
        "grades/finding.py",
        "    if state < CONCLUDED and not export.before_marking_ends:\n",
        "    if False:\n",
        (f"{GRADES}::test_before_marking_ends_nothing_is_delivered_unless_asked",),
    ),
    Detection(
        "grades: two who are one for the receiver",
        "grades/joining.py",
        "    joined.grades = [one for one in joined.grades if one.person.casefold() not in twice]",
        "    pass",
        (
            f"{PURE_GRADES}::test_of_two_who_are_one_for_the_receiver_nobody_is_delivered",
            f"{GRADES}::test_what_keeps_a_grade_back_is_told_and_stops_nothing_else",
        ),
    ),
    Detection(
        "grades: a grade that codes do not name",
        "grades/scales.py",
        "    if scale.name not in codes:\n",
        "    if entered not in codes.get(scale.name, ()):\n        return entered\n    if False:\n",
        (f"{PURE_GRADES}::test_a_code_is_never_guessed",),
    ),
    Detection(
        "grades: what was delivered is not delivered again",
        "grades/comparing.py",
        "    same = dict(before.content) == grade.content\n",
        "    same = False\n",
        (
            f"{PURE_GRADES}::test_what_was_delivered_is_not_delivered_again",
            f"{GRADES}::test_an_export_with_nothing_new_sends_and_writes_nothing",
        ),
    ),
    Detection(
        "grades: a correction",
        "grades/comparing.py",
        "    same = dict(before.content) == grade.content\n",
        "    same = True\n",
        (f"{GRADES}::test_a_correction_arrives_as_one_change",),
    ),
    Detection(
        "grades: what is withdrawn is told",
        "grades/comparing.py",
        "    gone = [one for one in delivered.values()"
        " if one.person not in there and one.content]\n",
        "    gone: list[Delivered] = []\n",
        (f"{GRADES}::test_a_withdrawn_grade_is_told_and_not_deleted",),
    ),
    Detection(
        "grades: a flow that may not be the one",
        "grades/finding.py",
        "    if is_unclear(key, world):\n",
        "    if False:\n",
        (f"{GRADES}::test_a_flow_that_may_not_be_the_one_is_not_exported",),
    ),
    Detection(
        "grades: one flow under two keys",
        "grades/finding.py",
        "    if others := [one for one in found.keys[live.server_id] if one != key]:\n",
        "    if others := []:\n",
        (f"{GRADES}::test_one_flow_under_two_keys_is_not_exported_twice",),
    ),
    Detection(
        "grades: two runs at once",
        "grades/sql.py",
        "            if not self._read_only:\n                ledger.take_turn()\n",
        "",
        (f"{TABLES}::test_whoever_comes_second_sees_what_the_first_has_written",),
    ),
    Detection(
        "grades: several rows of one person in a table",
        "grades/sql.py",
        "            if count > 1:\n",
        "            if False:\n",
        (f"{E2E}/test_grades_sql.py::test_several_rows_of_one_person_are_left_alone",),
    ),
    Detection(
        "grades: flows that a receiver takes for one",
        "grades/telling_apart.py",
        "        elif others:\n",
        "        elif False:\n",
        (
            f"{E2E}/test_grades_sql.py::test_flows_that_the_receiver_takes_for_one_are_not_delivered",
            f"{E2E}/test_grades_sql.py::test_nor_are_flows_with_one_subtitle",
        ),
    ),
    Detection(
        "grades: a flow with the code of an earlier one",
        "grades/sql.py",
        "            if flow != line.flow and same(value) == mine:\n",
        "            if False:\n",
        (f"{E2E}/test_grades_sql.py::test_a_flow_does_not_take_the_rows_of_an_earlier_one",),
    ),
    Detection(
        "grades: what a database says of values",
        "grades/refusals.py",
        "    return has_values or len(state) == 5\n",
        "    return False\n",
        (
            "tests/core/test_grade_tables.py::test_no_value_is_in_the_reason_of_a_refusal",
            f"{TABLES}::test_what_a_trigger_says_of_a_grade_is_not_told",
        ),
    ),
    Detection(
        "grades: people in CI",
        "render/grades.py",
        "    return mask(text) if style.mask and not text.startswith("
        '("#", "user #", "seat #")) else text\n',
        "    return text\n",
        (f"{E2E}/test_grades_private.py::test_in_ci_nobody_is_recognised",),
    ),
    Detection(
        "grades: values in CI",
        "render/grades.py",
        "    if style.verbose and not style.mask:\n",
        "    if style.verbose:\n",
        (
            f"{E2E}/test_grades_private.py::test_in_ci_nobody_is_recognised[loud1-flags0]",
            f"{E2E}/test_grades_private.py::test_in_ci_nobody_is_recognised[loud1-flags1]",
        ),
    ),
    Detection(
        "grades: what went to another place",
        "grades/ledger.py",
        "        if others and self.has_grades():\n",
        "        if False:\n",
        (
            f"{SQL}::test_another_table_does_not_count_as_the_one_that_has_the_grades",
            f"{HTTP}::test_an_address_may_get_another_path_and_no_other_host",
        ),
    ),
    Detection(
        "grades: a row that is dropped without a word",
        "grades/rows.py",
        "            if 0 <= count < len(rows):\n",
        "            if False:\n",
        (
            f"{TABLES}::test_a_row_that_a_trigger_drops_without_a_word_is_not_delivered",
            f"{TABLES}::test_a_correction_that_a_rule_ignores_is_not_delivered",
        ),
    ),
    Detection(
        "grades: a row that is refused keeps back the others",
        "grades/rows.py",
        "        if why and len(some) > 1 and in_a_row < IN_A_ROW:\n",
        "        if False:\n",
        (f"{TABLES}::test_a_row_that_is_refused_keeps_back_no_other",),
    ),
    Detection(
        "grades: a file that somebody has changed",
        "grades/files.py",
        "            if not is_ours:\n",
        "            if False:\n",
        (f"{GRADES}::test_a_file_that_somebody_has_changed_is_told_and_left",),
    ),
    Detection(
        "grades: a taken_back that is about a grade",
        "grades/comparing.py",
        "        if item := graded.get(person):\n",
        "        if item := None:\n",
        (f"{BACK}::test_a_line_that_is_about_a_grade_again_is_told_until_it_is_removed",),
    ),
    Detection(
        "grades: a table that is gone",
        "grades/sql.py",
        "            if ledger.has_grades() and reflected(database, self._export) is None:\n",
        "            if False:\n",
        (f"{SQL}::test_a_table_that_is_gone_is_not_made_anew_and_empty",),
    ),
    Detection(
        "grades: an older reading",
        "grades/exporting.py",
        "            if opened.stamp != read.stamp:\n",
        "            if False:\n",
        (f"{TABLES}::test_an_older_reading_is_never_written_over_a_newer_one",),
    ),
    Detection(
        "grades: one that is refused keeps back the others",
        "grades/http.py",
        "        may_be = status in ABOUT_GRADES and",
        "        may_be = status == 0 and",
        (
            f"{HTTP}::test_what_is_refused_is_told_and_keeps_back_no_more_than_it_must",
            f"{HTTP}::test_of_many_that_are_refused_none_keeps_back_one_that_is_taken",
        ),
    ),
    Detection(
        "grades: a receiver that takes nothing",
        "grades/http.py",
        " and self._refused_in_a_row < IN_A_ROW\n",
        "\n",
        (f"{HTTP}::test_a_receiver_that_takes_nothing_is_not_asked_for_each_grade",),
    ),
    Detection(
        "grades: many that are refused between others",
        "grades/http.py",
        "                self._refused_in_a_row = 0\n",
        "                pass\n",
        (f"{HTTP}::test_of_many_that_are_refused_none_keeps_back_one_that_is_taken",),
    ),
    Detection(
        "grades: a number that loses a zero",
        "grades/fitting.py",
        "        if is_name and isinstance(",
        "        if False and isinstance(",
        (
            "tests/core/test_grade_tables.py::test_a_person_is_no_number_that_has_lost_a_zero",
            f"{SQL}::test_a_number_never_loses_a_zero_on_its_way_into_a_column",
        ),
    ),
    Detection(
        "grades: what was taken back",
        "grades/comparing.py",
        "        if one.person in taken_back:\n",
        "        if False:\n",
        (f"{BACK}::test_a_file_holds_it_until_the_manifest_says_that_it_was_taken_back",),
    ),
    Detection(
        "grades: what was taken back is in no file",
        "grades/ledger.py",
        "            if line.content:\n",
        "            if True:\n",
        (f"{BACK}::test_a_file_holds_it_until_the_manifest_says_that_it_was_taken_back",),
    ),
    Detection(
        "grades: one number of two people on two exams",
        "grades/joining.py",
        "        if user == one.user:\n",
        "        if True:\n",
        (f"{GRADES}::test_a_number_that_two_people_have_on_two_exams_is_told",),
    ),
    Detection(
        "grades: a log is no terminal",
        "commands/grades.py",
        "not (is_off or _is_terminal())",
        "False",
        (f"{E2E}/test_grades_private.py::test_what_is_no_terminal_is_a_log",),
    ),
)
