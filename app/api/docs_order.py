"""The order of the docs page: in each group the operations as somebody comes to need them, then the rest as registered."""

from typing import Any, Final

IN_ORDER_OF_USE: Final = tuple(
    """
    loginWithWechat loginWithPassword refreshToken changePassword logout
    getMe updateMe joinPlace provePhone listPlaces getPlace listInbox markRead registerResident
    listServices placeOrder placeOrderForCaller listMyOrders listMyTasks listPool searchOrders getOrder getOrderHistory
    listDeadlines explainDeadline listOrderPosts
    suggestVolunteers offerOrder acceptOrder declineOrder claimOrder claimWish releaseOrder
    recordContact changeContact replyToOrder askResident answerQuestion proposeAppointment confirmAppointment writePlan
    startOrder deliverOrder abortOrder cancelOrder rateOrder reworkOrder
    listCategories suggestDuplicates reportCase reportCaseForCaller solveOnTheSpot
    listCases searchCases listAssignments signAssignment reportInAssignment beginAssignment
    listCallbacks listContests listSupervision listAgenda getAssignment
    getCase getCaseHistory listCasePosts listCaseDeadlines explainCaseDeadline
    joinCase withdrawCase answerCallback getMyCallback
    listCaseReporters recordCaseContact replyToCase triageCase refuseCase escalateCase deliberateCase concludeDeliberation
    proposeWhistle approveWhistle
    getBoard getBoardSheet addMinutes addPromise finishPromise requestExtension
    finishAssignment submitResult contestAssignment rateWhistler answerSupervision checkResult
    getReporterContact recordCallback arbitrateContest decideExtension terminateCase
    createOfficer grantRole listRoleHolders revokeRole resetPassword
    """.split()  # noqa: SIM905 - read as a list
)


def put_in_order(spec: dict[str, Any]) -> None:
    """Sorts the paths of the document, and the methods of each: Swagger UI lists every group in the order of the document."""
    place = {operation_id: number for number, operation_id in enumerate(IN_ORDER_OF_USE)}

    def rank(operation: dict[str, Any]) -> int:
        return place.get(operation["operationId"], len(place))

    items = {
        path: dict(sorted(item.items(), key=lambda method: rank(method[1]))) for path, item in spec["paths"].items()
    }
    spec["paths"] = dict(sorted(items.items(), key=lambda path: min(map(rank, path[1].values()))))
