"""What the figures of a set cannot say, in both languages: printed on its card."""

from __future__ import annotations

from collections.abc import Mapping

Text = Mapping[str, str]

ONLY_FUNDED: Text = {
    "en": "Only loans that were granted are in the set: nothing is known of people who were refused.",
    "zh-hans": "数据只含已放款的借款，对被拒绝的申请人一无所知。",
}
RESOLVED_ONLY: Text = {
    "en": "Only loans that have ended are in the set, so late loans look better than they are: those that go bad late are still running.",
    "zh-hans": "数据只含已结束的借款，较晚发放的借款看上去比实际更好：其中较晚违约的尚未结束。",
}
PRICE_MOVES_OUTCOME: Text = {
    "en": "The comparison with the platform's price is not a fair race: the platform chose who is in the set, and its rate itself moves default.",
    "zh-hans": "与平台定价的比较并不对等：样本由平台挑选，利率本身也影响违约。",
}
EMPLOYMENT_IS_A_DATE: Text = {
    "en": "Employment status “Not available” and an unnamed purpose mark the earliest loans: partly a date, which flatters rows of the same years.",
    "zh-hans": "就业状态“Not available”和未注明的用途多见于最早的借款，部分起到日期的作用，使同年份样本上的结果偏好。",
}
STATE_IS_A_PROXY: Text = {
    "en": "The state of residence is an input. It can stand in for protected attributes, which this set does not hold to test it: not for live decisions.",
    "zh-hans": "居住州是输入之一，可能间接反映受保护属性，而该数据集没有可供检验的字段，因此不能原样用于实际决定。",
}
INCOME_OF_FIRST: Text = {
    "en": "Income and debt ratio are the first borrower's alone; the co-borrower's figures are the co-borrower's own, given with a signature.",
    "zh-hans": "收入和负债比仅为第一借款人的；共同借款人的数据由其本人签字提供。",
}
YEARS_ONLY: Text = {
    "en": "Dates are years only, so nothing can be said of months.",
    "zh-hans": "日期只到年份，无法说明各月情况。",
}
NO_DATES: Text = {
    "en": "There are no dates: nothing can be shown out of time.",
    "zh-hans": "没有日期，无法做跨时间检验。",
}
BEHAVIOR: Text = {
    "en": "Six months of payment behavior are in the set: this is not a score of applications.",
    "zh-hans": "数据含六个月的还款行为，并非申请评分。",
}
SMALL: Text = {
    "en": "The set is small: effects below 0.01 AUC cannot be seen.",
    "zh-hans": "样本很小，看不出小于 0.01 AUC 的差别。",
}
OLD: Text = {
    "en": "Old data with known coding errors; bad loans were over-sampled to 30 per cent, so the probabilities fit no real population.",
    "zh-hans": "数据年代久远且有已知编码错误；违约样本被抽样到 30%，所得概率不对应任何真实人群。",
}
FOREIGN: Text = {
    "en": "Borrowers of another country and time: the figures show the method, not what a borrower here will do.",
    "zh-hans": "借款人来自其他国家和年代：这些数字说明方法，并不预示本地借款人的行为。",
}
