package dev.lifeboat.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.environment.LifeboatConfig.RollbackPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What follows from the checks of a deployment. */
class JudgementTest {
    private static final Finding HEALTH =
            new Finding("health", Finding.Weight.IMMEDIATE, false, "it answers", "HTTP 500");
    private static final Finding COUNTS =
            new Finding("record counts", Finding.Weight.IMMEDIATE, true, "none lost", "res_partner 300 → 10");
    private static final Finding SLOW =
            new Finding("response time", Finding.Weight.WEIGH, false, "within 10 s", "12.0 s");
    private static final Judgement.Means ALL = new Judgement.Means(true, true, false);

    private static Judgement judge(RollbackPolicy policy, Judgement.Means means, Finding... findings) {
        return Judgement.of(List.of(findings), policy, means);
    }

    @Test
    void without_findings_the_version_is_good_whatever_the_policy() {
        for (RollbackPolicy policy : RollbackPolicy.values()) {
            assertThat(judge(policy, ALL)).isEqualTo(new Judgement.Good());
        }
    }

    @Test
    void what_must_not_wait_is_rolled_back_by_itself_and_damaged_data_with_the_data() {
        assertThat(judge(RollbackPolicy.AUTOMATIC, ALL, HEALTH))
                .isEqualTo(new Judgement.RolledBack(Judgement.VERSION, "health: HTTP 500"));
        assertThat(judge(RollbackPolicy.AUTOMATIC, ALL, HEALTH, COUNTS))
                .isInstanceOfSatisfying(Judgement.RolledBack.class, rolled -> assertThat(rolled.level())
                        .isEqualTo(Judgement.DATA));
    }

    @Test
    void what_can_wait_is_proposed_also_where_rollbacks_are_automatic() {
        assertThat(judge(RollbackPolicy.AUTOMATIC, ALL, SLOW))
                .isEqualTo(new Judgement.Proposed(Judgement.VERSION, "response time: 12.0 s"));
    }

    @Test
    void a_policy_of_off_only_tells_and_one_of_propose_only_proposes() {
        assertThat(judge(RollbackPolicy.OFF, ALL, COUNTS)).isInstanceOf(Judgement.Told.class);
        assertThat(judge(RollbackPolicy.PROPOSE, ALL, COUNTS)).isInstanceOf(Judgement.Proposed.class);
    }

    @Test
    void a_break_glass_window_turns_what_would_be_done_into_a_proposal() {
        Judgement held = judge(RollbackPolicy.AUTOMATIC, new Judgement.Means(true, true, true), HEALTH);
        assertThat(held).isInstanceOf(Judgement.Proposed.class);
        assertThat(held.reason()).contains("break-glass");
    }

    @Test
    void what_can_not_be_rolled_back_is_not_proposed_either() {
        assertThat(judge(RollbackPolicy.AUTOMATIC, new Judgement.Means(false, true, false), HEALTH))
                .isInstanceOf(Judgement.Told.class);
        assertThat(judge(RollbackPolicy.AUTOMATIC, new Judgement.Means(true, false, false), COUNTS))
                .isInstanceOf(Judgement.Told.class);
    }

    @Test
    void old_data_is_not_put_by_itself_under_a_version_that_nobody_sets_back() {
        assertThat(judge(RollbackPolicy.AUTOMATIC, new Judgement.Means(false, true, false), COUNTS))
                .isInstanceOf(Judgement.Proposed.class);
    }
}
